// What makes an open page live: it asks for news, replaces what changed and lets the log grow. Without it all
// pages work as they are sent.
"use strict";
(() => {
  document.documentElement.classList.add("script");
  const LOOK = 1000; // ms between two looks at a running job
  const KEPT = 1000000; // letters of a log that the page keeps

  const job = document.getElementById("job");
  const byId = (id) => document.getElementById(id);
  const seen = {};
  let lost = 0;

  const follow = () => {
    const screen = byId("screen"), box = byId("follow");
    if (screen && box && box.checked) screen.scrollTop = screen.scrollHeight;
  };

  const pulse = (text, isLost) => {
    const place = byId("pulse");
    if (!place) return;
    if (place.textContent !== text) place.textContent = text;
    place.classList.toggle("lost", isLost);
  };

  const grow = (log) => {
    const screen = byId("screen");
    if (!screen || !log) return;
    if (screen.dataset.log !== log.id) {
      screen.textContent = "";
      screen.dataset.log = log.id;
      const name = screen.parentElement.querySelector(".logbar code");
      if (name) name.textContent = log.id;
      const whole = screen.parentElement.querySelector(".logbar a");
      if (whole) whole.href = whole.href.replace(/([?&]log=)[^&]*/, (_, key) => key + encodeURIComponent(log.id));
      const empty = screen.parentElement.querySelector(".empty");
      if (empty) empty.remove();
    }
    screen.dataset.next = log.next;
    if (!log.text) return;
    screen.append(log.text);
    if (screen.textContent.length > KEPT) screen.textContent = screen.textContent.slice(-KEPT / 2);
    follow();
  };

  const show = (news) => {
    document.title = news.title;
    for (const [name, html] of Object.entries(news.parts)) {
      if (seen[name] === html) continue;
      const place = name === "tabs" ? byId("tabs") : byId(`part-${name}`);
      if (!place) continue;
      if (name === "tabs") place.outerHTML = html; else place.innerHTML = html;
      seen[name] = html;
    }
    grow(news.log);
  };

  const look = async () => {
    if (document.hidden) return setTimeout(look, LOOK);
    const screen = byId("screen");
    const address = new URL(job.dataset.live, location.href);
    if (screen && screen.dataset.log) {
      address.searchParams.set("log", screen.dataset.log);
      address.searchParams.set("from", screen.dataset.next);
      // nobody chose this log: when its run has ended, the next one's is shown
      const box = byId("follow");
      if (box && box.checked && !new URL(location.href).searchParams.has("log")) address.searchParams.set("free", "1");
    }
    const asked = screen ? screen.dataset.log : "";
    try {
      const answer = await fetch(address, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      const news = await answer.json();
      show(news);
      lost = 0;
      if (news.done && !(news.log && (news.log.text || news.log.id !== asked))) return pulse("", false);
      pulse("live", false);
      setTimeout(look, news.log && news.log.text.length > 100000 ? 50 : LOOK);
    } catch (failure) {
      lost += 1;
      pulse(failure.message === "401" ? "this link is too old: twinloop studio" : "the local Azure does not answer", true);
      if (failure.message !== "401") setTimeout(look, Math.min(LOOK * 2 ** lost, 30000));
    }
  };

  if (job) {
    follow();
    const screen = byId("screen");
    // who scrolls up wants to read; who scrolls to the end wants to follow
    if (screen) screen.addEventListener("scroll", () => {
      const box = byId("follow");
      if (box) box.checked = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 30;
    });
    if (job.dataset.live) look();
  }

  // a list with something under way is fetched anew
  const list = byId("job-list");
  const again = async () => {
    const here = byId("job-list");
    if (!here || !here.dataset.again) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { credentials: "same-origin" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("job-list");
        if (fresh && fresh.innerHTML !== here.innerHTML) here.replaceWith(document.adoptNode(fresh));
      } catch { /* asked again below */ }
    }
    setTimeout(again, 3000);
  };
  if (list && list.dataset.again) setTimeout(again, 3000);
})();
