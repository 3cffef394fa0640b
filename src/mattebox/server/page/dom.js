// Helpers for the document, and whether its server is this computer.
export const IS_LOCAL = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);

// -1 or 1 for the arrow key towards what comes before or after, in the direction of the language; else 0.
export function arrowOffset(event) {
  const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  return event.key === forward ? 1 : /^Arrow(Left|Right)$/.test(event.key) ? -1 : 0;
}

export const byId = (id) => document.getElementById(id);

export const createElement = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
