/* What a person wrote and the server does not have yet: kept on this device, for its writer alone.
   Every page works without this script. */
(() => {
  'use strict';
  /* Where storage is full or barred, what is written is kept as long as the page is open. */
  const memory = new Map();
  const stored = {
    get: key => memory.get(key) ?? (() => { try { return localStorage.getItem(key); } catch { return null; } })(),
    set: (key, value) => { memory.delete(key); try { localStorage.setItem(key, value); } catch { memory.set(key, value); } },
    drop: key => { memory.delete(key); try { localStorage.removeItem(key); } catch { /* barred */ } },
    keys: () => { try { return [...new Set([...Object.keys(localStorage), ...memory.keys()])]; } catch { return [...memory.keys()]; } },
  };
  /* Plain http on a local network is no secure context, so randomUUID may be missing. */
  const newId = () => crypto.randomUUID?.() ??
    [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, '0')).join('');
  const make = (tag, props) => Object.assign(document.createElement(tag), props);
  const sentenceIn = (html, where) => new DOMParser().parseFromString(html, 'text/html').querySelector(where)?.textContent.trim();

  /* ---- leaving takes what is kept along: marked when it is asked for, done when it is so ---- */
  const FORGET = 'samrum:forget', KINDS = ['draft', 'out'];
  function forget(whose) {
    for (const key of stored.keys()) if (KINDS.some(kind => key.startsWith(`samrum:${kind}:${whose}:`))) stored.drop(key);
  }
  document.addEventListener('submit', event => {
    const whose = event.target.dataset?.forget;
    if (whose) try { sessionStorage.setItem(FORGET, whose); } catch { forget(whose); }
  });
  if (document.querySelector('[data-forgotten]')) {
    try {
      const whose = sessionStorage.getItem(FORGET);
      if (whose) forget(whose);
      sessionStorage.removeItem(FORGET);
    } catch { /* barred: it was done at once */ }
  }

  /* ---- the outbox ---- */
  const SOON = 12_000, LATER = 30_000, TRIES = 3;
  /* The server, or what stands before it, gave no answer to what was asked. */
  const UNANSWERED = new Set([408, 425, 502, 503, 504]);
  async function ask(url, options, patience) {
    const cut = new AbortController(), timer = setTimeout(() => cut.abort(), patience);
    try {
      const answer = await fetch(url, { credentials: 'same-origin', ...options, signal: cut.signal });
      if (UNANSWERED.has(answer.status) || answer.redirected) throw new Error(`${answer.status} ${url}`);
      const text = await answer.text();
      return new Response(answer.status === 204 ? null : text, { status: answer.status, headers: answer.headers });
    } finally { clearTimeout(timer); }
  }
  /* ``owner`` is a session and a seat or an account; ``before`` says where the list is shown;
     ``takeBack`` gets what is written again; ``sent``, ``waits`` and ``done`` are told. */
  function outbox({ owner, words, before, takeBack, sent, waits, done }) {
    const prefix = `samrum:out:${owner}:`;
    const flying = new Set();
    let last = 0, sending = null, going = null, timer = null, misses = 0, turn = Promise.resolve();
    const keyOf = item => `${prefix}${String(item.at).padStart(15, '0')}-${item.id}`;
    const keep = item => stored.set(keyOf(item), JSON.stringify(item));
    const drop = item => stored.drop(keyOf(item));
    const parse = key => { try { return JSON.parse(stored.get(key)); } catch { return null; } };
    const items = () => stored.keys().filter(key => key.startsWith(prefix)).sort().map(parse).filter(Boolean);
    const pending = () => items().filter(item => !item.refused);
    /* One at a time, over all tabs. Where there are no locks, the server knows what it had before. */
    const exclusively = job => (navigator.locks ? navigator.locks.request(prefix, job) : (turn = turn.then(job, job)));
    const later = delay => {
      clearTimeout(timer);
      timer = setTimeout(flush, delay ?? Math.min(60_000, 2000 * 2 ** misses) * (0.5 + Math.random()));
    };

    /* Send something from its form; what gets no answer waits. Returns the answer, or null. */
    async function deliver(item, url, options) {
      item.at = last = Math.max(Date.now(), last + 1);
      /* The same button once more: the last answer counts. */
      for (const each of pending()) if (!item.text && each.url === item.url && each.draft === item.draft && !item.repeatable) drop(each);
      const queue = pending().length > 0;
      keep(item);
      if (!queue) {
        flying.add(item.id);
        try {
          const answer = await exclusively(() => ask(url, options, SOON));
          drop(item);
          return answer;
        } catch { misses = 0; } finally { flying.delete(item.id); }
      }
      item.waits = true;
      item.tried = !queue;
      keep(item);
      render();
      waits(item);
      if (queue) flush(); else later();
      return null;
    }
    function flush() {
      if (!pending().length) { render(); return Promise.resolve(); }
      clearTimeout(timer);
      return going ??= exclusively(sendAll).catch(fault => console.warn('samrum:', fault)).finally(() => {
        going = null;
        sending = null;
        render();
      });
    }
    async function sendAll() {
      let gone = 0;
      for (;;) {
        const item = pending().find(each => !flying.has(each.id));
        if (!item) { misses = 0; if (gone) done(); return; }
        sending = item.id;
        item.waits = item.tried = true;
        keep(item);
        render();
        let answer;
        try {
          answer = await ask(item.url, { method: 'POST', body: new URLSearchParams(item.body), headers: { 'HX-Request': 'true' } }, LATER);
        } catch { misses += 1; later(); return; }
        if (answer.status === 429) { misses += 1; later((Number(answer.headers.get('Retry-After')) || 0) * 1000 * (1 + Math.random() / 2) || undefined); return; }
        item.tries = (item.tries ?? 0) + 1;
        if (answer.status >= 500 && item.tries < TRIES) { keep(item); misses += 1; later(); return; }
        if (answer.ok) {
          drop(item);
          gone += 1;
          sent(item);
        } else {
          const html = await answer.text();
          item.refused = html.includes('data-again=') ? words.askedAgain : sentenceIn(html, '[data-sentence],.problems li,.error span') || words.no;
          item.tries = 0;
          keep(item);
        }
        sending = null;
        render();
      }
    }
    /* Out of the list, unless it has just been sent; true where it was there. */
    const take = item => exclusively(() => {
      const there = items().some(each => each.id === item.id);
      drop(item);
      return there;
    });

    /* ---- what is seen of it ---- */
    const button = (name, textContent, act) => {
      const made = make('button', { type: 'button', className: 'btn btn--s', textContent });
      made.dataset.act = name;
      made.addEventListener('click', act);
      return made;
    };
    const state = item => (item.refused ? `refused ${item.refused}` : item.id === sending ? 'sending' : 'waiting');
    function draw(item) {
      const li = make('li', { className: 'stack-s' }), now = state(item);
      li.dataset.item = item.id;
      li.dataset.state = now;
      if (item.refused) {
        const why = make('p', { textContent: item.refused });
        why.setAttribute('role', 'alert');
        li.append(why);
      }
      if (item.label) li.append(make('p', { className: 'small muted', textContent: item.label }));
      if (item.text) {
        const p = make('p', { className: 'outbox__text', textContent: item.text, dir: 'auto' });
        if (item.lang) p.lang = item.lang;
        li.append(p);
      }
      const row = make('p', { className: 'cluster' });
      if (now === 'sending') row.append(make('span', { className: 'hint', textContent: words.sending }));
      else {
        row.append(button('send', item.refused ? words.sendAgain : words.sendNow, () => {
          if (item.refused) { delete item.refused; keep(item); }
          misses = 0;
          flush();
        }));
        if (item.refused && item.text && navigator.clipboard) {
          row.append(button('copy', words.copy, async event => {
            try { await navigator.clipboard.writeText(item.text); event.target.textContent = words.copied; } catch { /* the text can be marked */ }
          }));
        }
        if (item.text) row.append(button('back', words.takeBack, async () => { if (await take(item)) takeBack(item); render(); }));
        if (item.refused || !item.text) row.append(button('drop', item.refused ? words.discard : words.doNotSend, async () => { await take(item); render(); }));
      }
      li.append(row);
      return li;
    }
    function group(id, heading, hint, className, list) {
      let section = document.getElementById(id);
      const active = document.activeElement, inside = section?.contains(active);
      const act = inside && active.dataset.act, at = inside && active.closest('[data-item]')?.dataset.item;
      if (!list.length) {
        section?.remove();
        if (inside) document.getElementById('composer')?.focus({ preventScroll: true });
        return;
      }
      if (!section) {
        section = make('section', { id, className });
        section.setAttribute('aria-labelledby', `${id}-h`);
        section.append(make('h2', { id: `${id}-h`, className: 'f-l', tabIndex: -1, textContent: heading }), make('p', { className: 'hint', textContent: hint }), make('ol', { className: 'plain stack' }));
      }
      if (!section.isConnected) before().before(section);
      const ol = section.querySelector('ol');
      const known = new Map([...ol.children].map(li => [`${li.dataset.item} ${li.dataset.state}`, li]));
      const wanted = list.map(item => known.get(`${item.id} ${state(item)}`) ?? draw(item));
      for (const li of [...ol.children]) if (!wanted.includes(li)) li.remove();
      wanted.forEach((li, i) => { if (ol.children[i] !== li) ol.insertBefore(li, ol.children[i] ?? null); });
      if (!inside || active.isConnected) return;
      const li = [...ol.children].find(each => each.dataset.item === at);
      (li?.querySelector(`[data-act="${act}"]`) ?? section.firstElementChild).focus({ preventScroll: true });
    }
    function render() {
      if (!before()) return;
      const all = items();
      /* What another tab is just sending is not waiting yet. */
      const waiting = all.filter(item => !item.refused && (item.waits || (!flying.has(item.id) && Date.now() - item.at > SOON)));
      group('outbox', words.waiting, words.waitingHint, 'card card--draft stack-s outbox', waiting);
      group('refused', words.refused, words.refusedHint, 'note note--bad stack-s outbox', all.filter(item => item.refused));
    }
    addEventListener('storage', event => { if (event.key === null || event.key.startsWith(prefix)) render(); });
    return { deliver, flush, render, items, hurry: () => { misses = 0; return flush(); } };
  }
  window.samrumKept = { stored, newId, make, sentenceIn, outbox };
})();
