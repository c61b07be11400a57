// Reads a chosen file into a text field; the choice is there only where this script is.
for (const part of document.querySelectorAll("[data-file-part]")) part.hidden = false;
document.addEventListener("change", async (event) => {
  const into = event.target.dataset.fileInto;
  if (!into || event.target.files.length === 0) return;
  document.getElementById(into).value = await event.target.files[0].text();
});
