// Uses the client that @hey-api/openapi-ts made: node use_typescript_client.js SERVER PHOTO FOLDER
// Compiled and run by test_generated_clients.py.

import { readFileSync, writeFileSync } from "node:fs";
import { createCutout, eraseJob, getJob, getJobResult, removeBackground } from "./client";
import { client } from "./client/client.gen";

const TRIES = 600;

async function main(server: string, photo: string, folder: string): Promise<void> {
  client.setConfig({ baseUrl: server });
  const bytes = readFileSync(photo);
  const encoded = bytes.toString("base64");

  const cutout = await createCutout({ body: { image_b64: encoded, shadow: "drop", crop: true } });
  if (cutout.data === undefined || "id" in cutout.data) throw new Error(JSON.stringify(cutout.error));
  await save(cutout.data, `${folder}/cutout.png`);

  const sent = await createCutout({ body: { image_b64: encoded }, headers: { Prefer: "respond-async" } });
  if (sent.data === undefined || !("id" in sent.data)) throw new Error(JSON.stringify(sent.error));
  const path = { name: sent.data.id };
  let state: string = sent.data.state;
  for (let tries = 0; state !== "done" && state !== "failed" && tries < TRIES; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    state = (await getJob({ path, throwOnError: true })).data.state;
  }
  await save((await getJobResult({ path, throwOnError: true })).data, `${folder}/job.png`);
  if ((await eraseJob({ path })).response?.status !== 204) throw new Error("not erased");
  const missing = await getJob({ path });
  if (missing.error?.code !== "job_unknown") throw new Error(JSON.stringify(missing.error));

  const image_file = new Blob([new Uint8Array(bytes)], { type: "image/jpeg" });
  const compatible = await removeBackground({ body: { image_file, type: "person" }, throwOnError: true });
  await save(compatible.data, `${folder}/removebg.png`);
}

async function save(picture: Blob, path: string): Promise<void> {
  writeFileSync(path, Buffer.from(await picture.arrayBuffer()));
}

const [server, photo, folder] = process.argv.slice(2) as [string, string, string];
void main(server, photo, folder);
