// Helpers for the document.
export const byId = (id) => document.getElementById(id);

export const createElement = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
