// EXIF of photographs, for files that this device writes: read from JPEG, PNG and WebP, with the tags that the server keeps
// (io/metadata.py, "safe": no places, previews, maker's notes, serial numbers or owners), and written into files of these kinds.
const EXIF_POINTER = 0x8769, MAX_TAGS = 2000;
const TYPE_BYTES = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4 };
const range = (first, stop) => Array.from({ length: stop - first }, (_, i) => first + i);
const SAFE_MAIN_TAGS = new Set([0x10e, 0x10f, 0x110, 0x11a, 0x11b, 0x128, 0x131, 0x132, 0x13b, 0x8298, 0x4746, 0x9c9b, 0x9c9c, 0x9c9e, 0x9c9f]);
const SAFE_EXIF_TAGS = new Set([0x829a, 0x829d, 0x8822, 0x8827, ...range(0x8830, 0x8836), 0x9000, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292,
  ...range(0x9201, 0x920b), 0xa20e, 0xa20f, 0xa210, 0xa217, 0xa300, 0xa301, ...range(0xa401, 0xa40b), 0xa40c, 0xa460, 0xa432, 0xa433, 0xa434]);

// The file with the safe EXIF of a photograph; as it is where there is none, or no place for it.
export async function withExifOf(photograph, file) {
  const block = safeExif(findExif(new Uint8Array(await photograph.arrayBuffer())));
  const embed = block && { "image/jpeg": embedInJpeg, "image/png": embedInPng, "image/webp": embedInWebp }[file.type];
  return embed ? new Blob(embed(new Uint8Array(await file.arrayBuffer()), block), { type: file.type }) : file;
}

// ---- reading

const textAt = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

// The TIFF structure that holds a file's EXIF; null without one.
function findExif(bytes) {
  const view = viewOf(bytes), isPng = textAt(bytes, 1, 3) === "PNG";
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; at += 2 + view.getUint16(at + 2)) {
      if (bytes[at + 1] === 0xe1 && textAt(bytes, at + 4, 6) === "Exif\0\0") return bytes.subarray(at + 10, at + 2 + view.getUint16(at + 2));
    }
    return null;
  }
  if (!isPng && textAt(bytes, 8, 4) !== "WEBP") return null;
  for (let at = isPng ? 8 : 12; at + 12 <= bytes.length;) { // chunks: a PNG's length stands before its name
    const size = isPng ? view.getUint32(at) : view.getUint32(at + 4, true), name = textAt(bytes, isPng ? at + 4 : at, 4), block = bytes.subarray(at + 8, at + 8 + size);
    if (name === "eXIf" || name === "EXIF") return textAt(block, 0, 6) === "Exif\0\0" ? block.subarray(6) : block;
    at += isPng ? 12 + size : 8 + size + (size % 2);
  }
  return null;
}

// A block with the safe tags only, in the byte order that it has; null where none is left, or it is broken.
function safeExif(block) {
  try {
    const order = block && textAt(block, 0, 2), isLittle = order === "II";
    if (!["II", "MM"].includes(order)) return null;
    const view = viewOf(block), main = readDirectory(block, view.getUint32(4, isLittle), isLittle), pointer = main.get(EXIF_POINTER);
    const sub = pointer ? readDirectory(block, viewOf(pointer.bytes).getUint32(0, isLittle), isLittle) : new Map(), keep = (tags, safe) => [...tags].filter(([tag]) => safe.has(tag));
    const [mainTags, subTags] = [keep(main, SAFE_MAIN_TAGS), keep(sub, SAFE_EXIF_TAGS)];
    return mainTags.length + subTags.length ? buildTiff(mainTags, subTags, isLittle) : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

// tag -> { type, count, bytes }. Entries that point outside are left out.
function readDirectory(block, offset, isLittle) {
  const view = viewOf(block), tags = new Map(), count = Math.min(view.getUint16(offset, isLittle), MAX_TAGS);
  for (let at = offset + 2, i = 0; i < count && at + 12 <= block.length; i += 1, at += 12) {
    const tag = view.getUint16(at, isLittle), type = view.getUint16(at + 2, isLittle), length = view.getUint32(at + 4, isLittle), size = (TYPE_BYTES[type] ?? 0) * length;
    const from = size <= 4 ? at + 8 : view.getUint32(at + 8, isLittle);
    if (size && from + size <= block.length && !tags.has(tag)) tags.set(tag, { type, count: length, bytes: block.slice(from, from + size) });
  }
  return tags;
}

// ---- writing

function buildTiff(mainTags, subTags, isLittle) {
  const head = new Uint8Array(8), pointer = { type: 4, count: 1, bytes: new Uint8Array(4) }, withPointer = subTags.length ? [...mainTags, [EXIF_POINTER, pointer]] : mainTags;
  head.set(isLittle ? [0x49, 0x49, 42, 0, 8, 0, 0, 0] : [0x4d, 0x4d, 0, 42, 0, 0, 0, 8]);
  const at = 8 + buildDirectory(withPointer, 8, isLittle).length;
  viewOf(pointer.bytes).setUint32(0, at, isLittle);
  return joinBytes([head, buildDirectory(withPointer, 8, isLittle), ...(subTags.length ? [buildDirectory(subTags, at, isLittle)] : [])]);
}

function buildDirectory(tags, offset, isLittle) {
  const sorted = tags.toSorted(([a], [b]) => a - b), tableBytes = 2 + 12 * sorted.length + 4, table = new Uint8Array(tableBytes), view = viewOf(table), values = [];
  view.setUint16(0, sorted.length, isLittle);
  let at = offset + tableBytes;
  sorted.forEach(([tag, { type, count, bytes }], i) => {
    const entry = 2 + 12 * i;
    view.setUint16(entry, tag, isLittle), view.setUint16(entry + 2, type, isLittle), view.setUint32(entry + 4, count, isLittle);
    if (bytes.length <= 4) return table.set(bytes, entry + 8);
    view.setUint32(entry + 8, at, isLittle);
    values.push(bytes, new Uint8Array(bytes.length % 2));
    at += bytes.length + (bytes.length % 2);
    return undefined;
  });
  return joinBytes([table, ...values]);
}

function joinBytes(parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) joined.set(part, at), at += part.length;
  return joined;
}

const toBytes = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));

function numberBytes(value, isLittle) {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, isLittle);
  return bytes;
}

// After the JFIF segment, where there is one. Each returns the file's parts.
function embedInJpeg(file, block) {
  const length = block.length + 8, at = file[3] === 0xe0 ? 4 + viewOf(file).getUint16(4) : 2;
  if (length > 0xffff) return [file];
  return [file.subarray(0, at), new Uint8Array([0xff, 0xe1, length >> 8, length & 255]), toBytes("Exif\0\0"), block, file.subarray(at)];
}

// After the header.
function embedInPng(file, block) {
  const at = 8 + 12 + viewOf(file).getUint32(8), content = joinBytes([toBytes("eXIf"), block]);
  return [file.subarray(0, at), numberBytes(block.length, false), content, numberBytes(crc32(content), false), file.subarray(at)];
}

// At the end, announced in an extended header.
function embedInWebp(file, block) {
  const chunk = joinBytes([toBytes("EXIF"), numberBytes(block.length, true), block, new Uint8Array(block.length % 2)]);
  const body = joinBytes([textAt(file, 12, 4) === "VP8X" ? file.slice(12) : joinBytes([extendedHeader(file), file.subarray(12)]), chunk]);
  body[8] |= 0x08; // there is EXIF
  return [toBytes("RIFF"), numberBytes(body.length + 4, true), toBytes("WEBP"), body];
}

// The size and alpha of a plain WebP file, lossy or lossless, as the extended header says them.
function extendedHeader(file) {
  const isLossless = textAt(file, 12, 4) === "VP8L", view = viewOf(file), bits = isLossless ? view.getUint32(21, true) : 0;
  const width = isLossless ? bits & 0x3fff : (view.getUint16(26, true) & 0x3fff) - 1, height = isLossless ? (bits >>> 14) & 0x3fff : (view.getUint16(28, true) & 0x3fff) - 1;
  const header = joinBytes([toBytes("VP8X"), numberBytes(10, true), new Uint8Array(10)]);
  if (isLossless && (bits >>> 28) & 1) header[8] = 0x10;
  header.set([width & 255, (width >> 8) & 255, width >> 16, height & 255, (height >> 8) & 255, height >> 16], 12);
  return header;
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k += 1) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
