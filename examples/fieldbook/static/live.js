// An open page hears that something happened, and that its session has ended: the page itself then says why.
const heard = new EventSource("/live");
heard.addEventListener("ended", () => {
  heard.close();
  location.reload();
});
heard.addEventListener("news", async () => {
  const here = document.querySelector("[data-live]");
  if (!here) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return location.reload();
  const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
  if (next) here.replaceChildren(...next.childNodes);
});
