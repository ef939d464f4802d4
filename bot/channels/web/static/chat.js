/* Makes the web chat quicker; older browsers use the page's forms. No words for people stand here. */
const STORE = 'lotse_unsent';
const page = document.documentElement, byId = (id) => document.getElementById(id);
const log = byId('log'), box = byId('text'), status = byId('status'), words = byId('chat').dataset;
let last = +words.last, queue = [], busy, gone, tries = 0, again, hope, source, failures = 0, next;

const keep = () => {
  try { sessionStorage.setItem(STORE, JSON.stringify({ key: words.key, queue })); } catch (e) { /* full */ }
};
const say = (text, typing) => {
  if (status.textContent !== text) status.textContent = text;
  status.classList.toggle('typing', !!typing);
};

// showing

const fromEnd = () => page.scrollHeight - innerHeight - pageYOffset;
const toEnd = (first) => { // not beyond the beginning of what is new
  scrollBy(0, Math.min(fromEnd(), first.getBoundingClientRect().top - parseInt(getComputedStyle(first).scrollMarginTop || 8)));
};
const show = (item) => {
  if (item.tick) return;
  const bubble = document.importNode(byId('own').content, true).firstElementChild;
  bubble.id = item.nonce;
  bubble.dataset.unsent = '';
  bubble.querySelector('.text').textContent = item.label;
  bubble.querySelector('.state').textContent = words.sending;
  log.appendChild(bubble);
  toEnd(bubble);
};
const patch = (old, fresh) => { // the focus stays, only changes are read out
  const mine = old.querySelectorAll('button'), theirs = fresh.querySelectorAll('button');
  const [text, newText] = [old, fresh].map((bubble) => bubble.querySelector('.text'));
  if (mine.length !== theirs.length) { old.replaceWith(fresh); return fresh; }
  if (text.innerHTML !== newText.innerHTML) text.replaceWith(newText);
  theirs.forEach((button, place) => {
    const same = mine[place];
    same.value = button.value;
    if (same.textContent !== button.textContent) same.textContent = button.textContent;
    if (same.hasAttribute('aria-pressed')) same.setAttribute('aria-pressed', button.getAttribute('aria-pressed'));
  });
  old.id = fresh.id;
  old.dataset.turn = fresh.dataset.turn;
  return old;
};
const take = (html, number) => {
  if (number <= last) return;
  last = number;
  const holder = document.createElement('template'), follow = fromEnd() < 200;
  holder.innerHTML = html;
  let fresh = holder.content.firstElementChild;
  const old = fresh.dataset.edits && byId(fresh.dataset.edits);
  if (old) fresh = patch(old, fresh);
  else log.insertBefore(fresh, log.querySelector('[data-unsent]'));
  const turn = fresh.dataset.turn, hasButtons = fresh.querySelector('form');
  log.querySelectorAll('[data-used]').forEach((used) => { delete used.dataset.used; });
  log.querySelectorAll('form').forEach((form) => {
    // as in history.py
    if (!turn || !hasButtons || form.parentNode.dataset.turn === turn) return;
    if (form.contains(document.activeElement)) { fresh.tabIndex = -1; fresh.focus({ preventScroll: true }); }
    form.remove();
  });
  clearTimeout(hope);
  if (!queue.length) say('');
  const before = fresh.previousElementSibling;
  if (follow && !old) toEnd(before && before.matches('.own') ? before : fresh);
};
const reset = (html, number) => { // what the page shows was erased
  log.innerHTML = html;
  last = number;
  queue.forEach(show);
  say('');
};

// sending: one after the other; the same nonce makes a second try the same message

const add = (item) => {
  item.nonce = crypto.getRandomValues(new Uint32Array(4)).join('-');
  queue.push(item);
  keep();
  show(item);
  send();
};
const post = async (item) => {
  const stop = new AbortController(), limit = setTimeout(() => stop.abort(), 20000);
  const body = new URLSearchParams(item.press ? { nonce: item.nonce, press: item.press } : { nonce: item.nonce, text: item.text });
  try {
    const answer = await fetch('/chat/send', { method: 'POST', body, signal: stop.signal, headers: { Accept: 'application/json' } });
    return Object.assign({ seconds: +answer.headers.get('Retry-After') }, await answer.json());
  } catch (e) {
    return { seconds: 0 };
  } finally {
    clearTimeout(limit);
  }
};
const send = async () => {
  if (busy || gone || !queue.length) return;
  clearTimeout(again);
  busy = true;
  const item = queue[0];
  if (!('after' in item)) item.after = last; // a repeated one keeps where it began
  const told = await post(item), bubble = byId(item.nonce), answered = last > item.after; // the stream may be quicker
  const note = (text) => { if (bubble) bubble.querySelector('.state').textContent = text; };
  busy = false;
  if (told.state === 'gone') return end();
  if (told.state !== 'accepted' && told.state !== 'refused') {
    const text = told.state === 'wait' ? words.fast : words.waiting;
    note(text);
    say(text);
    again = setTimeout(send, 1000 * Math.max(told.seconds, Math.min(30, Math.pow(2, tries++))));
    return;
  }
  tries = 0;
  queue.shift();
  keep();
  if (told.state === 'refused') {
    if (bubble) bubble.remove();
    box.value = box.value || item.text || '';
    say(words.refused);
  } else {
    if (bubble && byId(told.bubble)) bubble.remove(); // it came with the page
    else if (bubble) {
      bubble.id = told.bubble;
      delete bubble.dataset.unsent;
      note('');
      // the answer is there already: a first try had arrived, or the stream was quicker than this receipt
      const answer = answered && Array.from(log.children).find((other) => +other.dataset.number > item.after);
      if (answer) log.insertBefore(bubble, answer);
    }
    say(answered ? '' : words.typing, !answered);
    clearTimeout(hope);
    hope = setTimeout(() => { // the stream may be dead
      poll();
      if (!answered) hope = setTimeout(say, 20000, words.longer);
    }, 6000);
  }
  send();
};
const end = () => {
  gone = true;
  say(words.gone);
  if (source) source.close();
};

// receiving

const poll = async () => {
  try {
    const told = await (await fetch('/chat/messages?after=' + last)).json();
    if (told.state === 'gone') return end();
    if (told.reset !== null) reset(told.reset, told.last);
    told.messages.forEach((message) => take(message.html, message.number));
  } catch (e) { /* the next try comes */ }
};
const listen = () => {
  clearTimeout(next);
  if (source) source.close();
  if (gone) return;
  if (!window.EventSource || failures > 3) { // ask, and try a stream now and then
    failures = (failures + 1) % 20;
    poll();
    next = setTimeout(listen, document.hidden ? 20000 : 4000);
    return;
  }
  source = new EventSource('/chat/events?after=' + last);
  source.onopen = () => { failures = 0; };
  source.onmessage = (event) => take(event.data, +event.lastEventId);
  source.addEventListener('reset', (event) => reset(event.data, +event.lastEventId));
  source.addEventListener('gone', end);
  source.onerror = () => {
    source.close();
    poll();
    next = setTimeout(listen, 1000 * ++failures);
  };
};
const wake = () => {
  failures = tries = 0;
  send();
  listen();
};

// writing and pressing

const grow = () => {
  box.style.height = 'auto';
  box.style.height = box.scrollHeight + 2 + 'px';
};
const write = (event) => {
  event.preventDefault();
  const text = box.value;
  box.value = '';
  grow();
  box.focus();
  if (text.trim()) add({ text, label: text });
};
const press = (event) => {
  const button = event.target.closest('button[name]');
  if (!button) return;
  event.preventDefault();
  const label = button.textContent.trim(), tick = 'tick' in button.dataset;
  if (button.name === 'text') { // of the menu
    button.closest('details').open = false;
    box.focus();
    add({ text: button.value, label });
  } else if (!button.closest('[data-used]')) { // pressed twice is pressed once
    (tick ? button : button.form).dataset.used = '';
    add({ press: button.value, label, tick });
  }
};

if (window.AbortController) {
  page.classList.add('js');
  const kept = JSON.parse(sessionStorage.getItem(STORE) || '{}');
  if (kept.key === words.key) queue = kept.queue;
  queue.forEach(show);
  box.addEventListener('input', grow);
  box.addEventListener('keydown', (event) => event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229 && write(event));
  byId('write').addEventListener('submit', write);
  document.addEventListener('click', press);
  addEventListener('online', wake);
  addEventListener('pageshow', (event) => event.persisted && location.reload());
  document.addEventListener('visibilitychange', () => document.hidden || wake());
  grow();
  scrollTo(0, page.scrollHeight);
  if ('waits' in words) say(words.typing, true);
  wake();
}
