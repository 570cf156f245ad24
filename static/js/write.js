// Who writes an issue sees it as it grows: the mail beside the text, and how long its lines are.
"use strict";
(() => {
  const form = document.querySelector("[data-write]");
  const look = form.querySelector("[data-look]");
  let frame = form.querySelector("iframe");
  let waiting = 0, round = 0, saved = new URLSearchParams(new FormData(form)).toString();

  const counts = form.querySelectorAll("[data-count-of]");
  const count = () => {
    for (const line of counts) {
      const letters = [...form.elements[line.dataset.countOf].value.trim()];
      const most = Number(line.dataset.most);
      line.textContent = (letters.length > most ? line.dataset.cut : line.dataset.fits)
        .replace("#", letters.length)
        .replace("…", () => letters.slice(0, most).join("") + "…");
    }
  };

  // The new mail comes in a frame behind the old one, which stays until it is there: nothing
  // flickers, going back leaves the page, and the place one has scrolled to is kept.
  const show = () => {
    const next = frame.cloneNode();
    next.removeAttribute("src");
    next.name = `mail-as-written-${++round}`;
    next.className = "coming";
    frame.after(next);
    next.addEventListener("load", () => {
      if (next.contentWindow.location.href === "about:blank") return;
      if (next.name !== look.formTarget) return next.remove();
      let at = 0;
      try { at = frame.contentWindow.scrollY; } catch { /* The first frame may hold nothing. */ }
      frame.remove();
      frame = next;
      frame.className = "";
      try { frame.contentWindow.scrollTo(0, at); } catch { /* It stays at the top. */ }
    });
    look.formTarget = next.name;
    form.requestSubmit(look);
  };

  form.addEventListener("input", () => {
    count();
    clearTimeout(waiting);
    waiting = setTimeout(show, 500);
  });
  look.hidden = true;
  count();
  show();

  // What was typed is not lost by a slip.
  form.addEventListener("submit", ({ submitter }) => {
    if (submitter !== look) saved = null;
  });
  addEventListener("beforeunload", (event) => {
    if (saved !== null && saved !== new URLSearchParams(new FormData(form)).toString()) event.preventDefault();
  });
})();
