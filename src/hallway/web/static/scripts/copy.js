// Copies the value of a field; the button is there only where this script is.
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  const text = button.querySelector("[data-copy-text]");
  const told = button.closest(".copy-field").querySelector("[role=status]");
  const before = (button.dataset.before ||= text.textContent);
  field.focus();
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    if (!document.execCommand("copy")) return;
  }
  text.textContent = told.textContent = button.dataset.copied;
  setTimeout(() => { text.textContent = before; told.textContent = ""; }, 2500);
});
document.addEventListener("htmx:after:swap", () => {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
});
