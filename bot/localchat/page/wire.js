// The wire to the server: plain requests, and the stream of changes that survives a restart of the server.

export class Refused extends Error {}

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  // A refusal is final; anything else (a server that is starting, a broken connection) is worth another try.
  if (response.status >= 400 && response.status < 500) throw new Refused(body.error || "That did not work.");
  throw new Error(`The server answered ${response.status}.`);
}

export async function get(path) {
  return answer(await fetch(path, { headers: { accept: "application/json" } }));
}

export async function post(path, body) {
  const headers = { "content-type": "application/json" };
  return answer(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

export async function upload(path, fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value) form.append(name, value);
  return answer(await fetch(path, { method: "POST", body: form }));
}

// Calls on.state, on.message and on.answer for everything after the number `after`; on.up and on.down as the
// connection comes and goes. The pause between two tries grows from half a second to five.
export function listen(after, on) {
  let source = null;
  let pause = 500;
  let timer = 0;

  function open() {
    clearTimeout(timer);
    source?.close();
    source = new EventSource(`/page/events?after=${after}`);
    source.onopen = () => {
      pause = 500;
      on.up();
    };
    source.onerror = () => {
      source.close();
      on.down();
      clearTimeout(timer);
      timer = setTimeout(open, pause);
      pause = Math.min(pause * 1.6, 5000);
    };
    for (const kind of ["state", "message", "answer"]) {
      source.addEventListener(kind, (event) => {
        const number = Number(event.lastEventId);
        if (number > after) after = number;
        on[kind](JSON.parse(event.data));
      });
    }
  }

  function hurry() {
    if (document.visibilityState === "visible" && source?.readyState === EventSource.CLOSED) open();
  }
  document.addEventListener("visibilitychange", hurry);
  window.addEventListener("online", hurry);
  open();
}
