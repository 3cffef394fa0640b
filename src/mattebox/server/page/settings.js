// The settings of photographs: one set of values for all, and a photograph's own where it has them. Values are as the
// form has them: { name: string or boolean }.
let commonValues = {};
const formDataByValues = new WeakMap();

export const valuesOf = (item) => item?.ownValues ?? commonValues;

// The id of the photograph whose own settings are changed; null where those of all are.
export const scopeOf = (item) => (item?.ownValues ? item.id : null);

// `item` null for the values of all. They are replaced, never changed in place.
export function setValuesOf(item, values) {
  if (item) item.ownValues = values;
  else commonValues = values;
}

// The settings of a photograph, as requests are made of them.
export function settingsOf(item) {
  const values = valuesOf(item);
  if (!formDataByValues.has(values)) formDataByValues.set(values, toFormData(values));
  return formDataByValues.get(values);
}

function toFormData(values) {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) if (value !== false) form.set(name, value === true ? "on" : value);
  return form;
}

export const areSame = (first, second) => first === second
  || Boolean(first && second && [...new Set([...Object.keys(first), ...Object.keys(second)])].every((name) => first[name] === second[name]));
