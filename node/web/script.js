/* SPDX-License-Identifier: Apache-2.0 */
/* Everything works without this.  With it, what changed is shown by itself: an
 * event says that something is new, the page is fetched again, and its live
 * parts take the place of the old ones. */
(function () {
  "use strict";
  var live = document.querySelectorAll("[data-live]");
  if (!live.length || !window.EventSource || !window.fetch) return;

  var timer = 0, busy = false, again = false;

  function swap(text) {
    var fresh = new DOMParser().parseFromString(text, "text/html");
    document.querySelectorAll("[data-live]").forEach(function (old) {
      var now = fresh.getElementById(old.id);
      /* Not under somebody's finger: next time. */
      if (!now || now.innerHTML === old.innerHTML) return;
      if (old.contains(document.activeElement)) return;
      old.innerHTML = now.innerHTML;
    });
  }

  function refresh() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    fetch(location.href, { credentials: "same-origin" })
      .then(function (answer) {
        return answer.ok ? answer.text() : "";
      })
      .then(function (text) {
        if (text) swap(text);
      })
      .catch(function () {})
      .then(function () {
        busy = false;
        if (again) soon();
      });
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(refresh, 300);
  }

  var events = new EventSource("/events");
  ["records", "peers", "content", "reset"].forEach(function (kind) {
    events.addEventListener(kind, soon);
  });
  window.addEventListener("pagehide", function () {
    events.close();
  });
  /* Back from the history: the device may have moved on. */
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload();
  });
})();
