// The control door of the playground: reading state, and doing things as a member.

export class Refused extends Error {}

export async function read(name, params = {}, signal = undefined) {
  const query = new URLSearchParams(params).toString();
  return answer(await fetch(`/playground/${name}${query ? `?${query}` : ""}`, { signal }));
}

export async function act(name, body = {}) {
  const headers = { "Content-Type": "application/json" };
  return answer(await fetch(`/playground/${name}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function answer(response) {
  const body = await response.json();
  if (!body.ok) throw new Refused(body.error);
  return body;
}
