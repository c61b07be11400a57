// Opens a confirmation as a modal dialog; without this script it opens as a popover.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-confirm]");
  const closer = event.target.closest("[data-close]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.confirm).showModal();
  } else if (closer && closer.closest("dialog").open) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
});
