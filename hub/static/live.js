/* The live room: what was pushed is put in place, and nothing a person has begun is lost.
   Every page works without this script, by links, forms and reload. */
(() => {
  'use strict';
  const main = document.querySelector('[data-session]');
  if (!main || !window.htmx || !window.samrumKept) return;
  document.documentElement.classList.add('js');
  const byId = id => document.getElementById(id);
  const { session, language, face, me } = main.dataset;
  /* Whoever sits at this device: what is kept on it is shown to nobody else. */
  const who = main.dataset.who || me;
  const speed = Number(main.dataset.speed) || 1;
  const words = byId('words').dataset;
  const log = byId('log');
  const here = `/sessions/${session}`;
  let revision = Number(main.dataset.revision) || 0;
  const say = (text, n) => text.replace('{n}', n);
  const count = (n, one, many) => (n === 1 ? one : say(many, n));
  const { stored, newId, make, sentenceIn } = window.samrumKept;

  /* ---- one change at a time: swaps are asynchronous ---- */
  let chain = Promise.resolve();
  const then = job => (chain = chain.then(job).catch(fault => console.warn('samrum:', fault)));

  /* ---- what a redraw must not lose: place, focus, selection, open details, half-written text ---- */
  const end = byId('end');
  const box = () => {
    const inner = log?.closest('.desk__log');
    return inner && inner.scrollHeight > inner.clientHeight + 1 && getComputedStyle(inner).overflowY !== 'visible' ? inner : null;
  };
  /* The facilitator's log scrolls by itself: it opens at the newest. */
  const desklog = log?.closest('.desk__log');
  if (desklog && !location.hash) desklog.scrollTop = desklog.scrollHeight;
  const floor = () => box()?.getBoundingClientRect().bottom ?? innerHeight;
  const atEnd = () => !end || end.getBoundingClientRect().top <= floor() + 80;
  function place() {
    if (!log) return () => {};
    const inner = box(), top = inner ? inner.getBoundingClientRect().top : 0;
    const seen = li => { const r = li.getBoundingClientRect(); return r.bottom > top && r.top < floor(); };
    const ref = atEnd() ? end : [...log.children].find(li => li.id && seen(li));
    if (!ref) return () => {};
    const before = ref.getBoundingClientRect().top;
    return () => {
      const moved = (byId(ref.id) ?? ref).getBoundingClientRect().top - before;
      if (Math.abs(moved) >= 1) (inner ?? window).scrollBy({ top: moved, behavior: 'instant' });
    };
  }
  const STOPS = 'a,button,summary,input,select,textarea';
  function keep() {
    const open = [...main.querySelectorAll('details[id]')].map(d => [d, d.open]);
    const typed = [...main.querySelectorAll('input[id],textarea[id],select[id]')]
      .filter(f => f.type !== 'hidden' && !f.form?.dataset.draft && f.value !== (f.defaultValue ?? ''))
      .map(f => [f, f.value]);
    const active = document.activeElement, inside = main.contains(active) && active !== main;
    const home = inside && !active.id ? active.closest('[id]') : null;
    const at = home ? [...home.querySelectorAll(STOPS)].indexOf(active) : -1;
    const caret = inside && 'selectionStart' in active ? [active.selectionStart, active.selectionEnd] : null;
    return () => {
      for (const [old, was] of open) {
        const now = byId(old.id);
        /* Folded because it was answered; unfolded again where the answer no longer counts. */
        if (now && now !== old && now.dataset.fold === old.dataset.fold) now.open = was;
      }
      for (const [old, value] of typed) {
        const now = byId(old.id);
        if (now && now !== old) now.value = value;
      }
      if (!inside || (active.isConnected && document.activeElement === active)) return;
      const now = active.isConnected ? active : active.id ? byId(active.id) : byId(home?.id)?.querySelectorAll(STOPS)[at];
      now?.focus({ preventScroll: true });
      if (caret && caret[0] !== null && now) try { now.setSelectionRange(...caret); } catch { /* not a text field */ }
    };
  }

  /* ---- putting changes in place ---- */
  const stageNow = () => { const s = byId('stage')?.firstElementChild; return s ? [s.dataset.state, s.dataset.phase, s.dataset.principle, s.dataset.put].join() : main.querySelector('#ph-h')?.textContent ?? ''; };
  /* What the writing forms list: they are drawn again when one of these has come or changed. */
  const LISTED = /data-kind="(restatement|recommendation|theme|wording|change)"/;
  /* A control that is drawn anew under a finger would not be pressed: it waits until the finger is up. */
  let pressed = Promise.resolve();
  addEventListener('pointerdown', () => {
    pressed = new Promise(done => {
      for (const name of ['pointerup', 'pointercancel']) addEventListener(name, () => setTimeout(done), { once: true, capture: true });
      setTimeout(done, 1000);
    });
  }, true);
  async function apply(html) {
    await pressed;
    saveDrafts();
    const known = new Set(log ? [...log.children].map(li => li.id) : []);
    const restore = keep(), put = place(), wasAtEnd = atEnd(), stage = stageNow();
    /* A post that waited is shared now: it goes from what only its author sees into the conversation. */
    for (const li of main.querySelectorAll('#mine > [data-held]')) if (html.includes(`id="${li.id}" data-seq`)) li.remove();
    await htmx.swap({ text: html, target: main, swap: 'none' });
    mark();
    restoreDrafts();
    restore();
    put();
    const fresh = log ? [...log.children].filter(li => li.id && !known.has(li.id)) : [];
    if (fresh.length) arrived(fresh, wasAtEnd);
    tick();
    if (face === 'screen') return;
    if (face === 'room') syncHand();
    if (stage !== stageNow()) redrawComposer(true);
    else if (LISTED.test(html)) redrawComposer(false);
  }
  function mark() {
    if (me) for (const li of main.querySelectorAll(`li[data-author="${me}"]`)) li.querySelector('.msg')?.classList.add('msg--own');
  }
  /* An answer that never comes must not hold up all that is behind it. */
  const PATIENCE = 30_000;
  async function text(url, options = {}) {
    const cut = new AbortController(), timer = setTimeout(() => cut.abort(), PATIENCE);
    try {
      const answer = await fetch(url, { credentials: 'same-origin', headers: { 'HX-Request': 'true' }, ...options, signal: cut.signal });
      /* Not in the room any more: the page says why. */
      if ([401, 403, 404].includes(answer.status) && url.includes('/changes?')) location.reload();
      if (!answer.ok) throw new Error(`${answer.status} ${url}`);
      return await answer.text();
    } finally { clearTimeout(timer); }
  }
  const since = async after => JSON.parse(await text(
    `/api/v1${here}/changes?after=${after}&language=${language}&format=html`, { headers: { Accept: 'application/json' } }));
  async function catchUp() {
    const changes = await since(revision);
    if (changes.upto > revision) await shared(changes);
  }
  async function shared({ upto, html }) {
    if (face === 'screen') redraw();
    else await apply(html);
    revision = Math.max(revision, upto);
    if (face === 'desk') redraw();
  }
  const take = changes => changes.session === session && then(async () => {
    if (changes.upto <= revision) return;
    if (changes.after > revision) await catchUp();
    else await shared(changes);
  });
  /* The facilitator's panels and the projector are drawn whole, at most every other second. */
  let due = null;
  function redraw() {
    due ??= setTimeout(() => {
      due = null;
      then(async () => {
        if (face === 'desk') { await apply(await text(`${here}/desk?part=side`)); return; }
        const page = new DOMParser().parseFromString(await text(`${here}/screen`), 'text/html');
        byId('screen-now').replaceChildren(...page.getElementById('screen-now').childNodes);
        tick();
      });
    }, face === 'desk' ? 1500 : 400);
  }
  let stale = false;
  function redrawComposer(now) {
    const composer = byId('composer');
    if (!composer) return;
    /* A text that is begun is not drawn anew under its writer; an empty box waits for nothing. */
    const at = document.activeElement;
    const busy = composer.contains(at) && at.matches('textarea,input,select') && (!at.matches('textarea,[type="text"]') || at.value !== '');
    if (busy && !now) { stale = true; return; }
    stale = false;
    then(async () => {
      const drawn = byId('composer');
      /* A ranking that is begun and not saved is known to this page alone. */
      const order = drawn?.querySelector('[name="order"][data-begun]')?.value;
      const asked = new URLSearchParams({ ...(main.dataset.for && { for: main.dataset.for }), ...(order && { order }), ...(face === 'desk' && { desk: 1 }) });
      const html = await text(`${here}/composer?${asked}`);
      /* What is being sent, or was meanwhile, is answered with a newer form than this one. */
      if (drawn !== byId('composer') || drawn?.querySelector('.htmx-request')) { setTimeout(() => redrawComposer(now), 200); return; }
      await apply(`<hx-partial hx-target="#composer" hx-swap="outerHTML">${html}</hx-partial>`);
      showKept();
    });
  }
  /* Whoever restates a post has it before them, whole. */
  main.addEventListener('change', e => {
    if (e.target.id !== 'w-restatement-of') return;
    const quote = byId('w-restatement-quote'), words = byId(`contribution-${e.target.value}`)?.querySelector('.msg__text');
    quote.hidden = !words;
    if (words) Object.assign(quote.firstElementChild, { textContent: words.textContent, lang: words.lang });
  });
  main.addEventListener('focusout', () => setTimeout(() => { if (stale) redrawComposer(false); }, 200));

  /* ---- new posts: counted, marked and read aloud, never pulled into view ---- */
  const pill = byId('pill'), reader = byId('reader'), mode = byId('read');
  let unseen = 0, away = 0, batch = [], timer = null, begun = 0;
  if (mode) {
    mode.value = stored.get('samrum:read') || 'some';
    mode.addEventListener('change', () => stored.set('samrum:read', mode.value));
  }
  const reading = () => mode?.value ?? 'some';
  function arrived(fresh, wasAtEnd) {
    const theirs = fresh.filter(li => !li.hidden).filter(li => !me || li.dataset.author !== me);
    if (!theirs.length) return;
    if ((!wasAtEnd || document.hidden) && pill) {
      if (!unseen) { log.querySelector('.unread')?.remove(); }
      unseen += theirs.length;
      let line = log.querySelector('.unread');
      if (!line) { line = make('li', { className: 'unread' }); line.append(make('span', { id: 'unread' })); theirs[0].before(line); }
      line.firstChild.textContent = pill.textContent = count(unseen, words.newOne, words.newMany);
      pill.hidden = false;
    }
    /* What came while the line was down is told once, with the line that is back. */
    if (lost && news) { away += theirs.length; return; }
    if (!batch.length) begun = Date.now();
    batch.push(...theirs.map(li => [li.id, Date.now()]));
    /* A burst is one announcement: it waits until nothing more comes, six seconds at most. */
    clearTimeout(timer);
    timer = setTimeout(readOut, Math.max(0, Math.min(1500, begun + 6000 - Date.now())));
  }
  function readOut() {
    timer = null;
    if (reading() === 'off' || !reader) { batch = []; return; }
    const counted = reading() === 'some' && batch.length > 2;
    /* A post that is being translated is read when its translation is here, or after six seconds. */
    const wait = counted ? [] : batch.filter(([id, at]) => byId(id)?.hasAttribute('data-pending') && Date.now() - at < 6000);
    const ready = batch.filter(item => !wait.includes(item)).map(([id]) => byId(id)).filter(Boolean);
    batch = wait;
    if (wait.length) timer = setTimeout(readOut, 1500);
    if (!ready.length) return;
    if (counted) aloud([[count(ready.length, words.newOne, words.newMany), language]]);
    else aloud(ready.map(li => {
      const p = li.querySelector('.msg__text,.sys');
      return [`${li.querySelector('.msg__by b')?.textContent ?? ''}: ${p?.textContent.trim() ?? ''}`, p?.lang || language];
    }));
  }
  let quiet = null;
  function aloud(lines) {
    if (!reader) return;
    reader.append(...lines.map(([textContent, lang]) => make('p', { textContent, lang })));
    clearTimeout(quiet);
    quiet = setTimeout(() => reader.replaceChildren(), 10000);
  }
  function seen() {
    if (!unseen || !atEnd()) return;
    unseen = 0;
    if (document.activeElement === pill) byId('log-h')?.focus({ preventScroll: true });
    pill.hidden = true;
  }
  addEventListener('scroll', seen, { passive: true, capture: true });
  pill?.addEventListener('click', event => {
    event.preventDefault();
    const first = log.querySelector('.unread') ?? end;
    first.scrollIntoView({ block: 'start', behavior: 'instant' });
    unseen = 0;
    byId('log-h')?.focus({ preventScroll: true });
    pill.hidden = true;
  });

  /* ---- time in whole minutes ---- */
  const clocks = new WeakMap();
  let spoken = null;
  function tick() {
    for (const el of document.querySelectorAll('[data-seconds-left]')) {
      if (!clocks.has(el)) clocks.set(el, performance.now());
      const left = Number(el.dataset.secondsLeft) - (performance.now() - clocks.get(el)) / 1000 * speed;
      const minutes = Math.max(0, Math.ceil(left / 60));
      const line = left <= 0 ? words.over : left <= 120 ? words.soon : say(words.minutes, minutes);
      for (const out of el.querySelectorAll('[data-left]')) {
        const shown = out.dataset.left === 'min' ? `${minutes} min` : line;
        if (out.textContent !== shown) out.textContent = shown;
      }
      const near = left <= 0 ? 0 : left <= 120 ? 2 : left <= 300 ? 5 : 9;
      if (spoken !== null && near < spoken && near && reading() !== 'off') aloud([[near === 2 ? words.two : words.five, language]]);
      spoken = near;
    }
  }
  setInterval(tick, 1000);

  /* ---- drafts: kept on this device every five seconds, until the server said yes ---- */
  const slots = main.dataset.for ? `${who}.${main.dataset.for}` : who;
  const slot = key => `samrum:draft:${session}:${slots}:${key}`;
  const touched = new WeakSet();
  /* What this page last knew of a form's draft: only what is newer is written over another tab's. */
  const agreed = new WeakMap();
  const INNER = new Set(['part', 'act', 'contribution', 'wording', 'order']);
  const fields = form => Object.fromEntries([...new FormData(form)].filter(([name]) => !INNER.has(name)));
  const texts = form => [...form.querySelectorAll('textarea,input[type="text"],input[type="date"]')];
  /* What was chosen is begun as well: lost, the words would go to another proposal. */
  const chosen = s => s.selectedIndex !== Math.max(0, [...s.options].findIndex(o => o.defaultSelected));
  function saveDrafts() {
    for (const form of main.querySelectorAll('form[data-draft]')) {
      if (!touched.has(form)) continue;
      const key = slot(form.dataset.draft), now = drafted(form);
      if (agreed.get(form) === now) continue;
      agreed.set(form, now);
      if (texts(form).some(f => f.value.trim()) || form.querySelector('input[type="radio"]:checked') || [...form.querySelectorAll('select')].some(chosen)) stored.set(key, now);
      else stored.drop(key);
    }
  }
  const drafted = form => JSON.stringify({ ...fields(form), ...(form.dataset.tried && { tried: '1' }) });
  const hasWords = form => texts(form).some(f => f.value && f.value !== f.defaultValue);
  function fill(form, draft) {
    for (const [name, value] of Object.entries(JSON.parse(draft))) {
      const field = form.elements.namedItem(name);
      if (field?.type === 'checkbox') field.checked = true;
      else if (field) field.value = value;
    }
    if (draft.includes('"tried":"1"')) form.dataset.tried = '1';
    touched.add(form);
    agreed.set(form, draft);
  }
  /* As it is before anybody writes in it, under an id of its own. */
  function blank(form) {
    const written = new Set(texts(form).map(f => f.value));
    form.reset();
    /* What the server gave back after a fault is no beginning. */
    for (const f of texts(form)) if (f.value && written.has(f.value)) f.value = '';
    const id = form.elements.namedItem('client_id');
    if (id) id.value = newId();
    const hint = form.querySelector('[data-saved]');
    if (hint) hint.textContent = '';
    form.querySelector('.unsent')?.remove();
    delete form.dataset.tried;
    touched.delete(form);
    agreed.delete(form);
  }
  const formOf = name => main.querySelector(`form[data-draft="${CSS.escape(name)}"]`);
  /* Two tabs of one person agree: what is written in one is in the other, and what was sent is in none. */
  addEventListener('storage', ({ key, oldValue, newValue }) => {
    const form = key?.startsWith(slot('')) && formOf(key.slice(slot('').length));
    if (!form) return;
    const same = agreed.has(form) ? agreed.get(form) === oldValue && drafted(form) === oldValue : !hasWords(form);
    const at = document.activeElement;
    const writing = document.hasFocus() && form.contains(at) && at.matches('textarea,input,select');
    if (newValue && same && !writing) fill(form, newValue);
    else if (!newValue && same) blank(form);
    else if (!newValue) {
      /* Written on here meanwhile: these words are another post. */
      const id = form.elements.namedItem('client_id');
      if (id && oldValue?.includes(id.value)) id.value = newId();
    }
    showKept();
  });
  function restoreDrafts() {
    for (const form of main.querySelectorAll('form[data-draft]')) {
      /* Own thoughts that were brought into the box for the talk come before an older draft. */
      if (touched.has(form) || form.closest('[data-filled]')) continue;
      const id = form.elements.namedItem('client_id');
      if (id && !id.value) id.value = newId();
      const draft = stored.get(slot(form.dataset.draft));
      if (!draft || hasWords(form)) continue;
      try { fill(form, draft); } catch { stored.drop(slot(form.dataset.draft)); }
    }
  }
  /* Drafts of forms under a post that were taken back from the list of what waits. */
  const homeless = new Set();
  /* A step that ended takes its form away, but not what was begun in it. */
  function showKept() {
    const kept = byId('kept');
    if (!kept) return;
    kept.replaceChildren();
    for (const key of stored.keys().filter(k => k.startsWith(slot('')))) {
      const name = key.slice(slot('').length);
      if ((name.includes(':') && !homeless.has(name)) || formOf(name)) continue;
      let value = '';
      try { value = JSON.parse(stored.get(key)).text; } catch { /* not ours */ }
      if (!value) continue;
      const area = make('textarea', { readOnly: true, value, className: 'row-2' });
      area.setAttribute('aria-label', words.kept);
      const drop = make('button', { type: 'button', className: 'btn btn--s btn--text', textContent: words.dismiss });
      drop.addEventListener('click', () => { stored.drop(key); card.remove(); byId('composer')?.focus({ preventScroll: true }); });
      const card = make('div', { className: 'card card--draft stack-s' });
      card.append(make('p', { textContent: words.kept, className: 'label' }), area, drop);
      kept.append(card);
    }
  }
  setInterval(() => {
    saveDrafts();
    const form = document.activeElement?.closest?.('form[data-draft]');
    const saved = form && touched.has(form) && form.querySelector('[data-saved]');
    if (saved && texts(form).some(f => f.value.trim())) saved.textContent = words.draft;
  }, 5000);
  addEventListener('pagehide', saveDrafts);

  /* ---- sending ---- */
  let typing = 0;
  main.addEventListener('input', event => {
    const form = event.target.closest('form');
    if (form?.dataset.draft) touched.add(form);
    if (form?.dataset.tried) {
      /* It may have arrived as it was: other words are another post. */
      delete form.dataset.tried;
      form.elements.namedItem('client_id').value = newId();
    }
    if (form && Date.now() - typing > 5000) { typing = Date.now(); socket?.volatile.emit('typing', { session }); }
  });
  function complain(form, sentence) {
    form.querySelector('.unsent')?.remove();
    const note = make('p', { className: 'note note--bad unsent', textContent: sentence });
    note.setAttribute('role', 'alert');
    form.append(note);
  }
  /* ---- what gets no answer waits in sight, and goes by itself when the line is back ---- */
  const out = who && face !== 'screen' ? window.samrumKept.outbox({
    owner: `${session}:${who}`,
    words,
    before: () => byId('composer'),
    takeBack: intoBox,
    waits: () => { aloud([[words.waits, language]]); reach(); },
    sent: arrivedLate,
    done: () => {
      aloud([[words.allSent, language]]);
      if (!socket?.connected) then(catchUp);
      redrawComposer(false);
    },
  }) : null;
  function entry(form, submitter, body) {
    const data = new URLSearchParams(body);
    const area = texts(form).filter(f => f.type !== 'date' && f.value.trim());
    /* What was chosen, in the words that the form has for it. */
    const picked = [...form.querySelectorAll('input[type="radio"]:checked')].map(f => f.closest('label')?.textContent.trim().replace(/\s+/g, ' '));
    const asked = form.querySelector('legend')?.textContent.trim();
    const about = form.closest('details[id^="decide-"],details[id^="rate-"]')?.querySelector('summary [lang]')?.textContent.trim();
    const chosen = picked.length ? picked : [submitter?.textContent.trim()];
    const label = [about, ...(area.length ? picked : [asked, ...chosen])].filter(Boolean).join(' – ');
    return {
      id: data.get('client_id') || data.get('client_id_1') || newId(),
      repeatable: data.has('client_id'),
      url: form.getAttribute('action'),
      body: data.toString(),
      draft: form.dataset.draft ? slot(form.dataset.draft) : '',
      fields: fields(form),
      text: area.map(f => f.value.trim()).join('\n'),
      label,
      lang: data.get('language') ?? '',
    };
  }
  const bodyOf = options => String(new URLSearchParams(options.body));
  /* It waits in the list now, so no longer in its form. */
  function leftBehind(form) {
    if (form.dataset.draft) stored.drop(slot(form.dataset.draft));
    const panel = form.closest('.acts');
    blank(form);
    if (!panel) return;
    const note = make('p', { className: 'note note--wait sent', textContent: words.waits });
    panel.replaceChildren(note);
    panel.closest('li')?.querySelector('.more')?.focus({ preventScroll: true });
  }
  document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
    const form = ctx.sourceElement, submitter = ctx.request.submitter;
    /* Moving a theme in the ranking saves nothing. */
    if (!out || !form?.matches?.('form[data-outbox]') || submitter?.name === 'move') return;
    ctx.fetch = async (url, options) => {
      const answer = await out.deliver(entry(form, submitter, bodyOf(options)), url, { method: 'POST', body: options.body, headers: options.headers });
      if (answer) return answer;
      leftBehind(form);
      /* What htmx passes over in silence. */
      throw new DOMException('', 'AbortError');
    };
  });
  /* Sent at last: a draft of the same words, restored after a reload, has been said with it. */
  function arrivedLate(item) {
    if (!item.draft) return;
    if (stored.get(item.draft)?.includes(`"client_id":"${item.id}"`)) stored.drop(item.draft);
    for (const form of main.querySelectorAll('form[data-draft]')) {
      if (form.elements.namedItem('client_id')?.value === item.id && !form.classList.contains('htmx-request')) blank(form);
    }
  }
  /* Words from the list go back where they were written, behind what has been begun there since. */
  function intoBox(item) {
    const name = item.draft.startsWith(slot('')) ? item.draft.slice(slot('').length) : '';
    const form = name && formOf(name);
    if (form && hasWords(form)) {
      const area = form.querySelector('textarea');
      if (area) area.value = `${area.value.trimEnd()}\n\n${item.fields.text ?? item.text}`;
      touched.add(form);
    } else {
      const draft = JSON.stringify({ ...item.fields, ...(item.tried && { tried: '1' }) });
      const key = name || `taken:${item.id}`;
      if (form) fill(form, draft);
      else homeless.add(key);
      stored.set(slot(key), form || item.fields.text ? draft : JSON.stringify({ text: item.text }));
      showKept();
    }
    const fold = form && form.closest('details:not([open])');
    if (fold) fold.open = true;
    (form ? form.querySelector('textarea,input[type="text"]') : byId('kept')?.querySelector('textarea'))?.focus();
  }
  /* A page that was closed while something was on its way: that waits in the list, not in the box. */
  for (const item of out?.items() ?? []) if (stored.get(item.draft)?.includes(`"client_id":"${item.id}"`)) stored.drop(item.draft);
  let sent = null;
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    const form = ctx.sourceElement;
    if (!form?.matches?.('form')) return;
    /* A form that asks for consent again carries on the draft of the post that it keeps. */
    sent = form.dataset.draft ?? form.dataset.again;
    if (ctx.response.status < 300) {
      touched.delete(form);
      if (sent) stored.drop(slot(sent));
      if (!socket?.connected) then(catchUp);
    }
  });
  document.addEventListener('htmx:before:swap', event => {
    const { ctx } = event.detail, form = ctx.sourceElement;
    if (!form?.matches?.('form') || !ctx.response) return;
    const sentence = sentenceIn(ctx.text ?? '', '[data-error] [data-sentence]');
    if (ctx.response.status < 500 && !sentence) { saveDrafts(); return; }
    event.preventDefault();
    complain(form, sentence || words.unsent);
  });
  document.addEventListener('htmx:error', ({ detail: { ctx } }) => {
    if (ctx?.sourceElement?.matches?.('form')) complain(ctx.sourceElement, words.unsent);
  });
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    if (!ctx?.response) return;
    mark();
    /* Words that were brought into the box for the talk: on with them there. */
    const filled = byId('composer')?.querySelector('[data-filled] textarea');
    if (filled && ctx.target?.id === 'composer') setTimeout(() => filled.focus());
    if (sent === null) return;
    const key = sent;
    sent = null;
    const again = main.querySelector('form[data-again=""]');
    if (again) {
      again.dataset.again = key ?? '';
      again.closest('[data-again-place]').querySelector('[autofocus]')?.focus();
      return;
    }
    restoreDrafts();
    showKept();
    if (filled) return;
    /* The form that was sent is gone: on with its emptied successor, or the message it was in. */
    if (main.querySelector('[autofocus]:focus') || (document.activeElement && document.activeElement !== document.body)) return;
    const target = typeof ctx.target === 'string' ? document.querySelector(ctx.target) : ctx.target;
    const form = byId('composer')?.querySelector(`form[data-draft="${CSS.escape(key ?? '')}"]`);
    /* What is answered is folded: nothing inside it can be given the focus. */
    const next = form?.closest('details:not([open])')?.querySelector('summary') ?? form?.querySelector('textarea');
    if (next) next.focus();
    else (target?.closest?.('li')?.querySelector('.more') ?? byId('composer'))?.focus({ preventScroll: true });
  });
  /* Small forms that need no answer but what everybody sees. */
  document.addEventListener('submit', async event => {
    const form = event.target;
    if (!form.matches('form[data-quiet]')) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = '1';
    try {
      const body = new URLSearchParams(new FormData(form, event.submitter));
      const options = { method: 'POST', body, credentials: 'same-origin', headers: { 'HX-Request': 'true' } };
      const waits = out && form.hasAttribute('data-outbox');
      const answer = await (waits ? out.deliver(entry(form, event.submitter, body), form.action, options) : fetch(form.action, options));
      if (!answer) { delete form.dataset.busy; return; }
      if (answer.ok) form.querySelector('.unsent')?.remove();
      else complain(form, sentenceIn(await answer.text(), '[data-sentence], .error span') || words.unsent);
      if (answer.ok && form.hasAttribute('data-reset')) form.reset();
      if (!socket?.connected) then(catchUp);
      if (face === 'desk') redraw();
    } catch { complain(form, words.unsent); }
    delete form.dataset.busy;
  });
  document.addEventListener('click', event => {
    const close = event.target.closest('[data-close]');
    if (close && byId(close.dataset.close)) {
      event.preventDefault();
      const panel = byId(close.dataset.close);
      panel.replaceChildren();
      panel.closest('li')?.querySelector('.more')?.focus({ preventScroll: true });
    }
    event.target.closest('.toast button')?.closest('.toast').remove();
  });

  /* ---- listening: with a voice of this device alone, so that no text leaves it ---- */
  const speech = window.speechSynthesis;
  const voice = lang => speech.getVoices().find(v => v.localService && v.lang.toLowerCase().startsWith(lang));
  const voices = () => { for (const lang of ['sv', 'en']) document.documentElement.classList.toggle(`speaks-${lang}`, Boolean(voice(lang))); };
  if (speech) {
    voices();
    speech.addEventListener?.('voiceschanged', voices);
    document.addEventListener('click', event => {
      const button = event.target.closest('[data-say]'), side = button && byId(button.dataset.say);
      if (!side) return;
      const going = speech.speaking;
      speech.cancel();
      if (going) return;
      const words = new SpeechSynthesisUtterance([...side.querySelectorAll('h3,.side__text')].map(e => e.textContent).join('. '));
      Object.assign(words, { lang: side.lang, voice: voice(side.lang) });
      speech.speak(words);
    });
  }

  /* ---- hands ---- */
  const hand = byId('hand');
  let turn = '';
  function syncHand() {
    const stage = byId('stage')?.firstElementChild?.dataset;
    if (byId('ready')) byId('ready').hidden = !(stage?.state === 'open' || stage?.state === 'planned' || stage?.phase === 'arrive');
    if (!hand) return;
    hand.hidden = !['running', 'paused'].includes(stage?.state);
    const line = [...main.querySelectorAll('#queue li[data-participant]')];
    const at = line.findIndex(li => li.dataset.participant === me), up = at >= 0;
    hand.action = `${here}/${up ? 'hand/lower' : 'hand'}`;
    const button = hand.querySelector('button');
    button.classList.toggle('btn--on', up);
    button.querySelector('span').textContent = up ? words.lower : words.raise;
    const now = !up ? '' : line[at].hasAttribute('data-floor') ? words.floor : say(words.turn, at + 1);
    if (now !== turn) toast('turn', now);
    turn = now;
  }
  function toast(name, sentence) {
    const toasts = byId('toasts');
    if (!toasts) return;
    toasts.querySelector(`[data-${name}]`)?.remove();
    if (!sentence) return;
    const p = make('p', { className: 'toast any' });
    p.setAttribute(`data-${name}`, '');
    p.append(make('span', { textContent: sentence }), make('button', { type: 'button', className: 'btn btn--s', textContent: words.dismiss }));
    toasts.append(p);
  }

  /* ---- the connection ---- */
  const news = byId('news');
  let lost = false, polling = false, asking = null, misses = 0;
  /* The note stands above the conversation: whoever reads further down stays where they are. */
  function tell(...notes) {
    const put = place();
    news?.replaceChildren(...notes);
    put();
  }
  function gone() {
    if (lost) return;
    lost = true; away = 0;
    tell(make('p', { className: 'note note--wait', textContent: words.lost }));
  }
  function back() {
    if (!lost) return;
    lost = false;
    if (!news) return;
    const came = away ? ` ${count(away, words.cameOne, words.cameMany)} ` : ' ';
    const note = make('p', { className: 'note note--ok', textContent: words.back + came });
    const first = log?.querySelector('.unread');
    if (away && first) { note.append(make('a', { href: '#unread', textContent: words.readFrom }), ' '); }
    const close = make('button', { type: 'button', className: 'btn btn--s', textContent: words.dismiss });
    close.addEventListener('click', () => tell());
    note.append(close);
    tell(note);
  }
  const reach = () => then(async () => {
    try {
      await catchUp();
      misses = 0;
      back();
      out?.flush();
    } catch (fault) {
      misses += 1;
      /* One answer that does not come is no reason to say anything. */
      if (misses > 1 || navigator.onLine === false) gone();
      throw fault;
    }
  });
  /* Scattered, so that those who lost the server together do not come back in the same second. */
  const pause = () => (misses ? Math.min(30_000, 1000 * 2 ** misses) * (0.5 + Math.random()) : (document.hidden ? 30_000 : 5000) * (0.9 + Math.random() / 5));
  function askAgain() {
    clearTimeout(asking);
    asking = polling ? setTimeout(() => reach().then(askAgain), pause()) : null;
  }
  const poll = on => {
    if (polling === on) return;
    polling = on;
    askAgain();
  };
  const socket = window.io?.({ path: '/socket.io', transports: ['websocket'], withCredentials: true, reconnectionDelayMax: 10_000 });
  socket?.on('connect', () => {
    socket.emit('enter', { session, language, after: revision, format: 'html' }, ack => {
      if (ack?.error === 'revision_unknown') { location.reload(); return; }
      if (!ack?.ok) { poll(true); return; }
      poll(false);
      reach();
    });
  });
  /* Where sockets are barred for good, asking is all there is, and nothing is wrong. */
  socket?.on('connect_error', () => poll(true));
  socket?.on('disconnect', () => { poll(true); setTimeout(() => { if (!socket.connected) reach().then(askAgain); }, 500 + Math.random() * 1000); });
  socket?.on('changes', take);
  socket?.on('private', changes => {
    if (changes.session !== session) return;
    if (face !== 'room') redraw();
    else then(async () => apply((await since(changes.after)).html));
  });
  socket?.on('presence', p => {
    if (p.session !== session) return;
    for (const el of document.querySelectorAll('[data-online]')) el.textContent = el.dataset.online === 'n' ? p.online : say(words.online, p.online);
  });
  socket?.on('notice', n => {
    if (n?.text) toast('notice', n.text);
    /* Whoever was sent out of the room is told so by the page. */
    if (n?.gone && n.session === session) location.reload();
  });
  /* Until the socket has been let in, and whenever it is gone, the page asks by itself. */
  poll(true);
  addEventListener('online', () => { out?.hurry(); reach().then(askAgain); });
  addEventListener('offline', gone);
  addEventListener('pageshow', event => { if (event.persisted) reach(); });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) saveDrafts();
    else reach().then(askAgain);
  });

  for (const el of document.querySelectorAll('[data-js]')) el.hidden = false;
  mark();
  restoreDrafts();
  showKept();
  out?.flush();
  turn = byId('toasts')?.querySelector('[data-turn] span')?.textContent ?? '';
  if (face === 'room') syncHand();
  tick();
})();
