// Switches the theme at once; the choice is kept by the same form that works without this script.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.hasAttribute("data-theme-choice")) return;
  event.preventDefault();
  document.documentElement.dataset.theme = button.value;
  for (const one of document.querySelectorAll("[data-theme-choice]")) {
    one.setAttribute("aria-pressed", String(one.value === button.value));
  }
  const body = new URLSearchParams(new FormData(event.target, button));
  fetch("/preferences", { method: "POST", body, redirect: "manual" });
});
