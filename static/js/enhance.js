// Small comforts for pages that work without them: own time, countdown, copying, one submit.
"use strict";
(() => {
  // Plain "en" would be American; the campaign writes British English.
  const language = document.documentElement.lang.replace(/^en$/, "en-GB") || undefined;
  const all = (selector) => document.querySelectorAll(selector);

  // A moment on the reader's own clock. Its line, empty until now, is shown unless both agree.
  const offsetOf = (iso) => {
    const [, sign, hours, minutes] = /([+-])(\d\d):?(\d\d)$/.exec(iso) || ["", "+", "0", "0"];
    return Number(sign + 1) * (Number(hours) * 60 + Number(minutes));
  };
  const onOwnClock = new Intl.DateTimeFormat(language, {
    weekday: "long", day: "numeric", month: "long",
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
  });
  for (const time of all("time[data-local]")) {
    const moment = new Date(time.dateTime);
    if (isNaN(moment) || -moment.getTimezoneOffset() === offsetOf(time.dateTime)) continue;
    const own = onOwnClock.format(moment);
    time.textContent = own;
    time.closest(".own-time").classList.add("shown");
  }

  // Days, hours and minutes until a moment, in the page's language. Past moments keep their text.
  const amount = (number, unit) =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(number);
  const listed = new Intl.ListFormat(language, { type: "unit" });
  const count = () => {
    for (const place of all("[data-countdown]")) {
      const minutes = Math.floor((new Date(place.dataset.countdown) - Date.now()) / 60000);
      if (!(minutes >= 0)) continue;
      place.textContent = listed.format([
        amount(Math.floor(minutes / 1440), "day"),
        amount(Math.floor(minutes / 60) % 24, "hour"),
        amount(minutes % 60, "minute"),
      ]);
    }
  };
  if (all("[data-countdown]").length) {
    count();
    setInterval(count, 15000);
  }

  // Copying needs a secure address; elsewhere the button stays hidden.
  for (const button of navigator.clipboard ? all("[data-copy-target]") : []) {
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.querySelector(button.dataset.copyTarget);
      try {
        await navigator.clipboard.writeText(source.value ?? source.textContent);
      } catch {
        return getSelection().selectAllChildren(source);
      }
      button.textContent = button.dataset.copied || label;
      setTimeout(() => (button.textContent = label), 3000);
    });
  }

  // One deed, one request: a second press is swallowed, yet a lost request can be sent again, and
  // so can a form found by going back. The button is not disabled, or its value would be lost.
  const free = (form) => {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  };
  addEventListener("submit", (event) => {
    const form = event.target;
    // A look into a frame beside the form is no deed: it may be repeated.
    if (event.defaultPrevented || form.method !== "post" || event.submitter?.formTarget) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    setTimeout(free, 10000, form);
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach(free));

  all("body:not(.design) .error-summary").forEach((summary) => summary.focus());
})();
