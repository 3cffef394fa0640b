// A ZIP file of stored entries, made in the browser: results are compressed already.
const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

const crc32 = (bytes) => {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
};

const header = (signature, size, fields) => {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint32(0, signature, true);
  for (const [at, bytes, value] of fields) bytes === 2 ? view.setUint16(at, value, true) : view.setUint32(at, value, true);
  return new Uint8Array(view.buffer);
};

export async function zip(entries) {
  const parts = [], directory = [];
  let offset = 0;
  for (const { name, blob } of entries) {
    const data = new Uint8Array(await blob.arrayBuffer());
    const label = new TextEncoder().encode(name), crc = crc32(data);
    const common = (at) => [[at, 2, 20], [at + 2, 2, 0x800], [at + 8, 2, 0x21], [at + 10, 4, crc], [at + 14, 4, data.length],
      [at + 18, 4, data.length], [at + 22, 2, label.length]];
    parts.push(header(0x04034b50, 30, common(4)), label, data);
    directory.push(header(0x02014b50, 46, [[4, 2, 20], ...common(6), [42, 4, offset]]), label);
    offset += 30 + label.length + data.length;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const end = header(0x06054b50, 22, [[8, 2, entries.length], [10, 2, entries.length], [12, 4, length], [16, 4, offset]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
