/** The few words of the frame itself. What the views say is theirs. */

import type { Language } from "../channel/index.ts";

export interface Words {
  readonly question: string;
  readonly yes: string;
  readonly no: string;
}

/** Asked once more in a window of its own. */
export const CONFIRM: Readonly<Record<Language, Words>> = {
  en: { question: "You pressed a button of {site}. Do you mean it?", yes: "Yes, I mean it", no: "No, do nothing" },
  de: { question: "Sie haben bei {site} auf eine Schaltfläche gedrückt. Meinen Sie das so?", yes: "Ja, so meine ich es", no: "Nein, nichts tun" },
  es: { question: "Ha pulsado un botón de {site}. ¿Es eso lo que quiere?", yes: "Sí, lo quiero", no: "No, no hacer nada" },
  fr: { question: "Vous avez appuyé sur un bouton de {site}. Est-ce bien ce que vous voulez ?", yes: "Oui, je le veux", no: "Non, ne rien faire" },
  ru: { question: "Вы нажали кнопку на сайте {site}. Вы действительно этого хотите?", yes: "Да, хочу", no: "Нет, ничего не делать" },
  zh: { question: "您按下了 {site} 的按钮。您确定吗？", yes: "是，我确定", no: "否，什么也不做" },
};
