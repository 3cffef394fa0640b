// The user's own background pictures, by an id that settings refer to.
const backdropsById = new Map(); // id -> { id, file, url }

export function addBackdrop(file) {
  const id = `${file.name} ${file.size} ${file.lastModified}`;
  if (!backdropsById.has(id)) backdropsById.set(id, { id, file, url: URL.createObjectURL(file) });
  return backdropsById.get(id);
}

export const backdropOf = (settings) => backdropsById.get(settings.get("backdrop")) ?? null;

export const listFiles = () => [...backdropsById.values()].map(({ file }) => file);
