// The page in the visitor's language. It is written in English; words/LANGUAGE.json has what each sentence is there, "{}" for
// what differs from time to time. What a file does not have stays English.

import { editor, find } from './page.js';

export const LANGUAGES = { en: 'English', de: 'Deutsch', es: 'Español', fr: 'Français', zh: '中文', ko: '한국어' };
const KEPT = 'scfegan-language';
const ATTRIBUTES = ['title', 'aria-label', 'placeholder'];

// What a page's text is in another language: a function of the text, for a dictionary from English.
export function translator(dictionary) {
  const patterns = Object.keys(dictionary).filter((key) => key.includes('{}')).map((key) => {
    const parts = key.split('{}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return [new RegExp(`^${parts.join('(.+?)')}$`), dictionary[key]];
  });
  const whole = (text) => {
    if (Object.hasOwn(dictionary, text)) return dictionary[text];
    for (const [pattern, there] of patterns) {
      const found = pattern.exec(text);
      if (found) return found.slice(1).reduce((sentence, part) => sentence.replace('{}', () => part), there);
    }
    return null;
  };
  return (text) => {
    const plain = text.trim().replace(/\s+/g, ' '), shortcut = / \([^()]{1,14}\)$/.exec(plain)?.[0] ?? '';
    if (!/\p{L}{2}/u.test(plain)) return text;
    const said = whole(plain) ?? withShortcut(plain, shortcut) ?? bySentence(plain);
    return text.replace(text.trim(), () => said);
  };
  function withShortcut(plain, shortcut) {
    const said = shortcut && whole(plain.slice(0, -shortcut.length));
    return said ? said + shortcut : null;
  }
  // Notes stand one after another, and a label may have a name after a colon.
  function bySentence(plain) {
    return plain.split(/(?<=[.!?]) (?=\p{Lu})/u).map((part) => whole(part) ?? part).join(' ');
  }
}

let watching = null;
const originals = new WeakMap(); // of text nodes and elements: what was translated, by where it stands

function translateNode(node, translate) {
  const known = originals.get(node) ?? {};
  const turn = (where, read, write) => {
    const now = read();
    const english = known[where] && known[where].said === now ? known[where].english : now; // else the page wrote it anew
    const said = english === null ? null : translate(english);
    known[where] = { english, said };
    if (said !== now && said !== null) write(said);
  };
  if (node.nodeType === Node.TEXT_NODE) turn('text', () => node.data, (text) => { node.data = text; });
  else for (const name of ATTRIBUTES) if (node.hasAttribute(name)) turn(name, () => node.getAttribute(name), (text) => node.setAttribute(name, text));
  originals.set(node, known);
}

function translateAll(root, translate) {
  if (root.nodeType === Node.TEXT_NODE) return translateNode(root, translate);
  if (root.nodeType !== Node.ELEMENT_NODE || root.closest('.language')) return;
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = root; node; node = walk.nextNode()) if (!node.parentElement?.closest('.language')) translateNode(node, translate);
}

export async function speak(language) {
  const dictionary = language === 'en' ? {} : await (await fetch(new URL(`./words/${language}.json`, import.meta.url))).json();
  const translate = language === 'en' ? (text) => text : translator(dictionary);
  watching?.disconnect();
  editor.lang = language;
  find('.language').value = language;
  translateAll(editor, translate);
  if (language === 'en') return;
  const options = { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES };
  watching = new MutationObserver((changes) => {
    watching.disconnect(); // lest its own words come back to it
    for (const { type, target, addedNodes } of changes) {
      if (type === 'childList') addedNodes.forEach((node) => node.isConnected && translateAll(node, translate));
      else if (!target.parentElement?.closest('.language')) translateNode(target, translate);
    }
    watching.observe(editor, options);
  });
  watching.observe(editor, options);
}

// The language that was chosen here before; a browser that keeps nothing may throw.
function remembered(chosen) {
  try {
    if (chosen) localStorage.setItem(KEPT, chosen);
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

export const wanted = (languages) => languages.map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => tag in LANGUAGES) ?? 'en';

export function startWords() {
  const choice = find('.language');
  choice.append(...Object.entries(LANGUAGES).map(([value, textContent]) => Object.assign(document.createElement('option'), { value, textContent, lang: value })));
  const kept = remembered(), change = (language) => speak(language).catch((error) => console.warn('The words of this language did not arrive.', error));
  choice.addEventListener('change', () => {
    remembered(choice.value);
    change(choice.value);
  });
  choice.value = 'en';
  const language = kept in LANGUAGES ? kept : wanted(navigator.languages ?? [navigator.language]);
  if (language !== 'en') change(language);
}
