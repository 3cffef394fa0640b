// The texts of clips in the language that is shown.
import { englishClipTexts } from "./clip_text_english.js";
import { germanClipTexts } from "./clip_text_german.js";
import { text } from "./strings.js";

export const CLIP_TEXTS = { en: englishClipTexts, de: germanClipTexts };

export const clipText = () => CLIP_TEXTS[text.language];
