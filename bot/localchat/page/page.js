// Puts the page together: history and changes in, what the person does out.

import { bytes } from "./bubble.js";
import { Composer } from "./composer.js";
import { Log } from "./log.js";
import { Outbox } from "./outbox.js";
import { snippet } from "./text.js";
import { get, listen, post, Refused } from "./wire.js";

const ANSWER_MS_MAX = 30000;
const TOAST_MS = 3500;
const FILE_BYTES_MAX = 50e6;
const ACTIONS = { typing: "typing", upload_document: "sending a file", upload_photo: "sending a photo" };
const byId = (id) => document.getElementById(id);

let bot = { first_name: "Milepost" };
let me = null;
let pinned = null;
let more = false;
let connected = false;
let online = false;
let action = "";
let actionTimer = 0;
let toastTimer = 0;
let unread = 0;
let loading = null;
const busy = new Map();

const act = {
  nameOf: (message) => (message.from?.id === bot.id ? bot.first_name : "You"),
  isBusy: (id, data) => busy.has(`${id}|${data}`),
  jump,
  press,
  copy,
  command: (text) => outbox.add({ text }),
  replyTo: (message) => composer.replyTo(message),
  edit: (message) => composer.edit(message),
};
const log = new Log(byId("view"), byId("log"), act);
const composer = new Composer({
  nameOf: act.nameOf,
  jump,
  send: (text, original) => outbox.add({ text, reply_to: original?.message_id, original }),
  change,
  attach,
  lastOwn: () => [...log.items.values()].map((item) => item.message).filter((each) => !each.mine && !each.pending && each.text)
    .sort((a, b) => a.message_id - b.message_id).at(-1),
});
const outbox = new Outbox({ waiting: showWaiting, settled: (once) => log.keepView(() => log.remove(once)), refused });

// What the person does.

function showWaiting(letter, file) {
  const document = file && { file_name: file.name, file_size: file.size };
  const message = { message_id: letter.once, date: letter.date, mine: false, pending: true, seq: 0, text: letter.text };
  if (document) Object.assign(message, { document, text: undefined, caption: letter.text });
  if (letter.original) message.reply_to_message = letter.original;
  log.put(message);
  log.toEnd();
  byId("welcome").hidden = true;
}

function refused(letter, reason) {
  toast(reason);
  if (!byId("text").value) composer.fill(letter.text || "");
}

async function change(id, text) {
  try {
    await post("/page/edit", { message_id: id, text });
  } catch (error) {
    toast(error instanceof Refused ? error.message : "The connection is gone. The message was not changed.");
  }
}

function attach(file, caption, original) {
  if (file.size > FILE_BYTES_MAX) toast(`A file has at most ${bytes(FILE_BYTES_MAX)}.`);
  else if (file.size === 0) toast("This file is empty.");
  else outbox.add({ text: caption, reply_to: original?.message_id, original }, file);
}

async function press(id, data) {
  const key = `${id}|${data}`;
  if (busy.has(key)) return;
  // The wait is for the bot; a bot that is away gets the press when it is back.
  const timer = setTimeout(() => {
    settlePress(key, id);
    toast("No answer yet. The press waits for the bot.");
  }, ANSWER_MS_MAX);
  busy.set(key, timer);
  log.refresh(id);
  try {
    await post("/page/press", { message_id: id, data });
  } catch (error) {
    settlePress(key, id);
    toast(error instanceof Refused ? error.message : "The connection is gone. Press again when it is back.");
  }
}

function settlePress(key, id) {
  clearTimeout(busy.get(key));
  busy.delete(key);
  log.refresh(id);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("This browser does not allow copying.");
  }
}

async function jump(id) {
  for (let round = 0; round < 50 && !log.message(id) && more; round += 1) await loadOlder();
  if (!log.flash(id)) toast("That message is gone.");
}

// What the bot does.

function onState(state) {
  ({ bot, me, online, pinned } = state);
  composer.commands = state.commands;
  byId("name").textContent = byId("welcome-name").textContent = bot.first_name;
  byId("welcome-text").textContent = state.description || "Press Start to begin.";
  document.title = title();
  action = state.action;
  clearTimeout(actionTimer);
  if (action) {
    actionTimer = setTimeout(() => {
      action = "";
      showStatus();
    }, state.action_s * 1000);
  }
  showStatus();
  showPin();
}

function showStatus() {
  const [kind, text] = !connected
    ? ["lost", "reconnecting…"]
    : action ? ["busy", `${ACTIONS[action] || "working"}…`]
      : online ? ["online", "online"] : ["away", "the bot is away; messages wait for it"];
  byId("status").className = kind;
  if (byId("status-text").textContent !== text) byId("status-text").textContent = text;
}

async function showPin() {
  byId("pin").hidden = !pinned;
  if (!pinned) return;
  const found = log.message(pinned) || (await get(`/page/messages?before=${pinned + 1}&limit=1`)).messages[0];
  byId("pin-text").textContent = found?.message_id === pinned ? snippet(found) : "";
}

function onMessage(message) {
  const mark = message.once;
  if (mark) outbox.settle(mark);
  const follows = log.following;
  let fresh = false;
  log.keepView(() => {
    fresh = log.put(message);
  });
  byId("welcome").hidden = log.size > 0;
  if (message.message_id === pinned) showPin();
  if (!fresh || !message.mine) return;
  ask(message);
  if (!follows || document.hidden) countUnread(unread + 1);
}

function ask(message) {
  if (message.prompt?.force_reply) composer.replyTo(message, message.prompt.input_field_placeholder);
}

function onAnswer(answer) {
  const key = `${answer.message_id}|${answer.data}`;
  if (!busy.has(key)) return;
  settlePress(key, answer.message_id);
  if (!answer.text) return;
  if (!answer.show_alert) {
    toast(answer.text);
    return;
  }
  byId("alert-text").textContent = answer.text;
  if (!byId("alert").open) byId("alert").showModal();
}

// What the page shows around the messages.

function title() {
  return (unread ? `(${unread}) ` : "") + bot.first_name;
}

function countUnread(count) {
  unread = count;
  document.title = title();
  byId("unread").hidden = !count;
  byId("unread").textContent = count > 99 ? "99+" : count;
  byId("down").setAttribute("aria-label", count ? `To the newest message, ${count} unread` : "To the newest message");
}

function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    box.hidden = true;
  }, Math.max(TOAST_MS, text.length * 60));
}

function loadOlder() {
  loading ??= (async () => {
    byId("older").hidden = false;
    try {
      const page = await get(`/page/messages?before=${log.oldest}`);
      more = page.more;
      log.keepView(() => page.messages.reverse().forEach((message) => log.put(message)));
    } catch {
      more = true;
    } finally {
      byId("older").hidden = true;
      loading = null;
    }
  })();
  return loading;
}

function scrolled() {
  const away = !log.atEnd();
  byId("down").hidden = !away;
  if (!away && !document.hidden && unread) countUnread(0);
  if (more && byId("view").scrollTop < 400 && log.size) loadOlder();
}

async function begin() {
  let page;
  for (let pause = 500; !page; pause = Math.min(pause * 1.6, 5000)) {
    try {
      onState(await get("/page/state"));
      page = await get("/page/messages");
    } catch (error) {
      if (error instanceof Refused) return location.reload();
      showStatus();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  more = page.more;
  page.messages.forEach((message) => log.put(message));
  for (const letter of outbox.waiting) showWaiting(letter);
  byId("welcome").hidden = log.size > 0;
  log.toEnd();
  showPin();
  if (log.newest) ask(log.newest);
  listen(page.seq, {
    state: onState,
    message: onMessage,
    answer: onAnswer,
    up: () => {
      connected = true;
      showStatus();
      outbox.flush();
    },
    down: () => {
      connected = false;
      showStatus();
    },
  });
}

byId("view").addEventListener("scroll", scrolled, { passive: true });
byId("down").addEventListener("click", () => log.toEnd(true));
byId("start").addEventListener("click", () => outbox.add({ text: "/start" }));
byId("pin").addEventListener("click", () => pinned && jump(pinned));
document.addEventListener("visibilitychange", scrolled);
document.addEventListener("keydown", (event) => {
  const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  const free = document.activeElement === document.body || document.activeElement === byId("view");
  if (plain && free) byId("text").focus();
});
// On a touch screen there is no hovering: a tap on a bubble shows its tools.
byId("log").addEventListener("click", (event) => {
  const item = event.target.closest("li");
  const taken = event.target.closest("a, button, .spoiler, pre, code");
  for (const other of byId("log").querySelectorAll(".picked")) if (other !== item) other.classList.remove("picked");
  if (item && !taken && !String(getSelection())) item.classList.toggle("picked");
});
byId("log").addEventListener("dblclick", (event) => {
  const item = event.target.closest("li");
  if (!item || item.message.pending || event.target.closest("a, button, pre, code, .text")) return;
  composer.replyTo(item.message);
});
// Where there is no real keyboard, focus would open the one on the screen.
if (matchMedia("(hover: hover)").matches) byId("text").focus();
begin();
