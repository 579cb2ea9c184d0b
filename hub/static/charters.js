// The workbench of charters: keeps what an editor types on the server. Everything works without it.
(() => {
  "use strict";
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const said = form.querySelector("[data-kept]");
  const PAUSE = 1500;
  let timer = 0, leaving = false, sent = snapshot();

  function snapshot() { return new URLSearchParams(new FormData(form)).toString(); }

  function tell(words) { if (said && said.textContent !== words) said.textContent = words; }

  async function keep() {
    clearTimeout(timer);
    const now = snapshot();
    if (now === sent || leaving) return;
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST", credentials: "same-origin", keepalive: now.length < 60000,
        headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: now,
      });
      if (!answer.ok) throw new Error(String(answer.status));
      sent = now;
      const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      tell(said.dataset.said.replace("{time}", time));
    } catch {
      tell(said.dataset.failed);
      timer = setTimeout(keep, 10000);
    }
  }

  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, PAUSE); });
  // What is sent by a button is kept, or saved, by its own address.
  form.addEventListener("submit", () => { leaving = true; clearTimeout(timer); });
  addEventListener("pageshow", () => { leaving = false; });
  addEventListener("online", keep);
  // A lid that closes: what was typed since the last pause goes with it.
  addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keep(); });
})();
