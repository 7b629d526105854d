/* Live updates and keys. Every page works without. */
const d = document, by = (id) => d.getElementById(id), all = (what, within = d) => [...within.querySelectorAll(what)];
const main = by("main"), state = by("live"), news = by("news"), help = by("help");
const say = (text) => { by("said").textContent = text; };
d.documentElement.classList.add("js");

/* Makes an element like another; keeps focus and folds. */
const morph = (old, next) => {
	if (old.isEqualNode(next)) return;
	if (old.nodeType !== 1) { old.nodeValue = next.nodeValue; return; }
	for (const name of [...old.getAttributeNames(), ...next.getAttributeNames()]) {
		const value = next.getAttribute(name);
		if (name === "open") continue;
		if (value === null) old.removeAttribute(name); else old.setAttribute(name, value);
	}
	const known = new Map([...old.children].filter((one) => one.id).map((one) => [one.id, one]));
	let at = old.firstChild;
	for (const child of [...next.childNodes]) {
		const same = child.id ? known.get(child.id) : at && !at.id && at;
		if (!same || same.nodeName !== child.nodeName) { old.insertBefore(child, at); continue; }
		if (same === at) at = at.nextSibling; else old.insertBefore(same, at);
		morph(same, child);
	}
	while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
};

/* Parts to fetch, parts held back, and the sessions behind them. */
const due = new Set(), held = new Set(), changed = new Set();
let cursor = main.dataset.cursor, asking, force, stream, stopped, asOf = new Date();
const rows = (part) => all("[id^=s-],[id^=n],[id^=run-]", part).map((one) => one.id).join();
const moves = (old, part) => {
	const { isCollapsed, anchorNode } = getSelection(), { top, bottom } = old.getBoundingClientRect();
	if (!isCollapsed && old.contains(anchorNode)) return true;
	return scrollY > 200 && top < innerHeight && bottom > 0 && !rows(part).startsWith(rows(old));
};
const show = (parts) => {
	const focus = d.activeElement;
	for (const part of parts) {
		const old = by(part.id);
		if (!old) continue;
		if (!force && moves(old, part)) held.add(part.id);
		else { held.delete(part.id); morph(old, part); }
	}
	if (focus !== d.activeElement) focus.focus({ preventScroll: true });
	force = false;
	if (!held.size) changed.clear();
	news.textContent = `${changed.size || ""} new`;
	if (held.size && news.hidden) say(news.textContent);
	news.hidden = !held.size;
};
const tell = (word, more = "") => {
	state.dataset.state = word;
	state.textContent = word + more;
};
const lost = () => tell("reconnecting", `, as of ${asOf.toLocaleTimeString()}`);
const refresh = async () => {
	if (asking || !due.size) return;
	asking = true;
	const ids = [...due].slice(0, 99);
	ids.forEach((id) => due.delete(id));
	try {
		const answer = await fetch(location.href, { headers: { "X-Parts": [...ids, "p-attention"].join() } });
		if (!answer.ok) throw 0;
		const page = d.createElement("template");
		page.innerHTML = await answer.text();
		d.title = page.content.querySelector("title").textContent;
		show(all("template", page.content).map((part) => part.content.firstElementChild));
		asOf = new Date();
	} catch { lost(); }
	setTimeout(() => { asking = false; refresh(); }, 250);
};
const look = (sessions) => {
	for (const { id, dataset: { live } } of all("[data-live]"))
		if (!sessions || !live || live.split(" ").some((one) => sessions.includes(one))) due.add(id);
	refresh();
};

const pause = () => { stream?.close(); stream = null; tell("paused"); };
const follow = () => {
	if (stream || stopped || d.hidden) return;
	stream = new EventSource(`/live?${new URLSearchParams({ topics: main.dataset.topics, since: cursor })}`);
	const came = (event) => {
		cursor = event.lastEventId || cursor;
		const named = event.type === "change" ? JSON.parse(event.data).sessions : null;
		named?.forEach((one) => changed.add(one));
		look(named);
	};
	stream.onopen = () => tell("live");
	stream.onerror = () => {
		lost();
		if (stream.readyState === 2) { stream = null; setTimeout(follow, 5000); }
	};
	stream.addEventListener("change", came);
	stream.addEventListener("resync", came);
};
const toggle = () => { stopped = !stopped; if (stopped) pause(); else follow(); };
if (main.dataset.topics) {
	state.hidden = false;
	state.onclick = toggle;
	news.onclick = () => { force = true; look(); };
	d.onvisibilitychange = () => { if (d.hidden) pause(); else follow(); };
	onpagehide = pause;
	onpageshow = follow;
	setInterval(() => { if (stream) look(); }, 60000);
	follow();
}

const copy = async (text) => {
	await navigator.clipboard.writeText(text);
	say("copied");
};
d.addEventListener("click", async ({ target }) => {
	const button = target.closest("button.copy"), word = button?.textContent;
	if (!button) return;
	await copy(button.dataset.copy);
	button.textContent = "copied";
	setTimeout(() => { button.textContent = word; }, 1500);
});

const walk = (what, step) => {
	const stops = all(what, main).filter((one) => one.getClientRects().length);
	const here = stops.findIndex((one) => one.contains(d.activeElement));
	const next = here < 0 ? stops.at(step > 0 ? 0 : -1) : stops[here + step];
	if (!next) return;
	const target = next.matches("a,button") ? next : next.querySelector("a,summary,button") || next;
	if (target.tabIndex < 0) target.tabIndex = -1;
	target.focus();
};
const keys = {
	"/": () => { const field = d.querySelector("input[type=search]"); if (field) field.focus(); else location = "/search"; },
	j: () => walk(".row", 1), k: () => walk(".row", -1), n: () => walk(".trouble", 1), p: () => walk(".trouble", -1),
	"]": () => walk(".stepmark", 1), "[": () => walk(".stepmark", -1),
	u: () => d.querySelector("a[rel=up]")?.click(), f: toggle, c: () => copy(location.href), "?": () => help.showModal(),
};
by("keys").hidden = false;
by("keys").onclick = keys["?"];
d.addEventListener("keydown", (event) => {
	const { key, target, ctrlKey, altKey, metaKey } = event;
	if (ctrlKey || altKey || metaKey || help.open || target.closest("input,textarea,select")) return;
	const view = all("nav.views a")[key - 1], act = view ? () => view.click() : keys[key];
	if (act) { event.preventDefault(); act(); }
});
