// Times in clips, and the bytes of files, as people read them.

// 3.24 as "0:03.2"; hours only where there are some.
export function formatTime(seconds) {
  const tenths = Math.floor(Math.max(0, seconds) * 10 + 1e-6), whole = Math.floor(tenths / 10), pad = (n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return `${hours ? `${hours}:${pad(minutes)}` : minutes}:${pad(whole % 60)}.${tenths % 10}`;
}

// Without the tenths, as on a thumbnail.
export const formatLength = (seconds) => formatTime(Math.max(seconds, 1)).replace(/\.\d$/, "");

export const formatMegabytes = (bytes, language) => `${Math.max(0.1, Math.round(bytes / 1e5) / 10).toLocaleString(language)} MB`;
