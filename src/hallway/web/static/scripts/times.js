// Shows times in the reader's own zone; the zone is in the text, and UTC on hover.
const zoned = (root) => {
  const lang = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const minute = new Intl.DateTimeFormat(lang, {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false, timeZoneName: "short",
  });
  const day = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", year: "numeric" });
  for (const time of root.querySelectorAll("time[data-shown]")) {
    const at = new Date(time.dateTime);
    const shown = time.dataset.shown;
    delete time.dataset.shown;
    if (shown === "since") {
      time.title = minute.format(at);
    } else {
      time.title = time.textContent;
      time.textContent = (shown === "day" ? day : minute).format(at);
    }
  }
};
zoned(document);
document.addEventListener("htmx:after:swap", () => zoned(document));
