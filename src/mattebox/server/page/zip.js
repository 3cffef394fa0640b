// A ZIP file of stored (uncompressed) entries, as results are compressed already. Contents are read as streams for
// their checksums and then referred to, never copied, so that many large results need no memory of their own.
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

async function crc32(blob) {
  let crc = 0xffffffff;
  for (const reader = blob.stream().getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return (crc ^ 0xffffffff) >>> 0;
    for (const byte of value) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  }
}

// `fields` are [offset, bytes, value].
const packRecord = (signature, size, fields) => {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint32(0, signature, true);
  for (const [at, bytes, value] of fields) bytes === 2 ? view.setUint16(at, value, true) : view.setUint32(at, value, true);
  return new Uint8Array(view.buffer);
};

// `entries` are [{ name, blob }].
export async function createZip(entries, when = new Date()) {
  const parts = [], directory = [];
  const time = (when.getHours() << 11) | (when.getMinutes() << 5) | (when.getSeconds() >> 1);
  const date = ((when.getFullYear() - 1980) << 9) | ((when.getMonth() + 1) << 5) | when.getDate();
  let offset = 0;
  for (const { name, blob } of entries) {
    const nameBytes = new TextEncoder().encode(name), crc = await crc32(blob);
    const commonFields = (at) => [[at, 2, 20], [at + 2, 2, 0x800], [at + 6, 2, time], [at + 8, 2, date], [at + 10, 4, crc], [at + 14, 4, blob.size],
      [at + 18, 4, blob.size], [at + 22, 2, nameBytes.length]];
    parts.push(packRecord(0x04034b50, 30, commonFields(4)), nameBytes, blob);
    directory.push(packRecord(0x02014b50, 46, [[4, 2, 20], ...commonFields(6), [42, 4, offset]]), nameBytes);
    offset += 30 + nameBytes.length + blob.size;
  }
  const directoryBytes = directory.reduce((sum, part) => sum + part.length, 0);
  const end = packRecord(0x06054b50, 22, [[8, 2, entries.length], [10, 2, entries.length], [12, 4, directoryBytes], [16, 4, offset]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
