// Small copies of photographs, decoded without all of their pixels where the browser can do that: of plain JPEGs.
const HEAD_BYTES = 262_144, ORIENTATION_TAG = 0x0112, JPEG = "image/jpeg";

// A copy of a photograph whose longer side has about `side` pixels, or more: { image, size }, where `image` can be drawn and must be
// closed, and `size` is [width, height] of the photograph.
export async function decodeSmall(file, side) {
  const size = file.type === JPEG && "ImageDecoder" in globalThis ? plainJpegSize(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())) : null;
  if (size) {
    try {
      return { image: await decodeScaled(file, size, side), size };
    } catch (error) {
      console.info(`no small decoding: ${error.message}`);
    }
  }
  const bitmap = await createImageBitmap(file);
  return { image: bitmap, size: [bitmap.width, bitmap.height] };
}

async function decodeScaled(file, [width, height], side) {
  const scale = Math.min(1, side / Math.max(width, height)), [desiredWidth, desiredHeight] = [width, height].map((length) => Math.max(1, Math.round(length * scale)));
  const decoder = new ImageDecoder({ data: file.stream(), type: JPEG, desiredWidth, desiredHeight });
  try {
    return (await decoder.decode()).image;
  } finally {
    decoder.close();
  }
}

// The size of a JPEG that is upright and has no colours but sRGB; null of another, whose turn or profile a decoder of frames leaves out.
function plainJpegSize(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = bytes[at + 1], segment = bytes.subarray(at + 4, at + 2 + view.getUint16(at + 2));
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    if (marker === 0xe1 && textOf(segment, 0, 6) === "Exif\0\0" && orientationOf(segment.subarray(6)) !== 1) return null;
    if (marker === 0xe2 && textOf(segment, 0, 11) === "ICC_PROFILE" && !textOf(segment, 0, segment.length).includes("sRGB")) return null;
    if (marker === 0xee || marker === 0xda) return null; // Adobe's segment tells of other colours
  }
  return null;
}

const textOf = (bytes, start, stop) => new TextDecoder("latin1").decode(bytes.subarray(start, stop));

function orientationOf(tiff) {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength), isLittle = tiff[0] === 0x49;
  try {
    const at = view.getUint32(4, isLittle), count = view.getUint16(at, isLittle);
    for (let i = 0; i < count; i += 1) if (view.getUint16(at + 2 + 12 * i, isLittle) === ORIENTATION_TAG) return view.getUint16(at + 10 + 12 * i, isLittle);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}
