/** The few words of the frame itself. What the views say is theirs. */

import type { Language } from "../channel/index.ts";

/** What a press of the person may do. A control says which by `data-act`. */
export const ACTS = [
  "agree", "camera", "affirm", "mood", "correct", "erase", "join", "link", "remove", "request", "approve", "person", "tell",
] as const;
export type Act = (typeof ACTS)[number];
/** A question for each act, and its two answers. */
export type Words = Readonly<Record<Act | "yes" | "no", string>>;

export function isAct(word: unknown): word is Act {
  return ACTS.some((each) => each === word);
}

/** What the control does that was pressed; null where it does not say. */
export function actOf(target: EventTarget | null): Act | null {
  const act = target instanceof Element ? target.closest("[data-act]")?.getAttribute("data-act") : null;
  return isAct(act) ? act : null;
}

/** Asked once more in a window of its own. */
export const CONFIRM: Readonly<Record<Language, Words>> = {
  en: {
    agree: "Let {site} use how you feel, for the purposes that you chose? Where you chose so, it is read from your face.",
    camera: "Turn on the camera, so that your expression is read for {site}?",
    affirm: "Is it you who sits there, and may the camera go on reading your expression for {site}?",
    mood: "Let {site} know how you feel, by the word that you pressed?",
    correct: "Change what {site} holds about how you felt?",
    erase: "Erase everything that {site} holds about you? It cannot be undone.",
    join: "Join this device to you at {site}, by the code that you entered?",
    link: "Make a code with which one more device can speak for you at {site}?",
    remove: "Take a device away, so that it no longer speaks for you at {site}?",
    request: "Make a request to your parent or guardian for {site}?",
    approve: "As parent or guardian, agree to what the child asks of {site}?",
    person: "Ask for a person at {site}?",
    tell: "Let the person at {site} know how you feel?",
    yes: "Yes, I mean it", no: "No, do nothing",
  },
  de: {
    agree: "Darf {site} nutzen, wie Sie sich fühlen, für die Zwecke, die Sie gewählt haben? Wo Sie das gewählt haben, wird es aus Ihrem Gesicht gelesen.",
    camera: "Die Kamera einschalten, damit Ihr Ausdruck für {site} gelesen wird?",
    affirm: "Sitzen Sie selbst dort, und darf die Kamera Ihren Ausdruck weiter für {site} lesen?",
    mood: "{site} mitteilen, wie Sie sich fühlen, mit dem Wort, das Sie gedrückt haben?",
    correct: "Ändern, was {site} darüber hat, wie Sie sich fühlten?",
    erase: "Alles löschen, was {site} über Sie hat? Das lässt sich nicht rückgängig machen.",
    join: "Dieses Gerät mit dem eingegebenen Code bei {site} zu Ihren Geräten nehmen?",
    link: "Einen Code machen, mit dem ein weiteres Gerät bei {site} für Sie sprechen kann?",
    remove: "Ein Gerät entfernen, sodass es bei {site} nicht mehr für Sie spricht?",
    request: "Eine Anfrage an Ihre Eltern oder Ihren Vormund für {site} machen?",
    approve: "Als Elternteil oder Vormund dem zustimmen, worum das Kind {site} bittet?",
    person: "Bei {site} nach einem Menschen fragen?",
    tell: "Dem Menschen bei {site} mitteilen, wie Sie sich fühlen?",
    yes: "Ja, so meine ich es", no: "Nein, nichts tun",
  },
  es: {
    agree: "¿Permitir que {site} use cómo se siente, para los fines que ha elegido? Donde usted lo eligió, se lee de su cara.",
    camera: "¿Encender la cámara para que se lea su expresión para {site}?",
    affirm: "¿Es usted quien está ahí, y puede la cámara seguir leyendo su expresión para {site}?",
    mood: "¿Decir a {site} cómo se siente, con la palabra que ha pulsado?",
    correct: "¿Cambiar lo que {site} tiene sobre cómo se sentía?",
    erase: "¿Borrar todo lo que {site} tiene sobre usted? No se puede deshacer.",
    join: "¿Unir este dispositivo a usted en {site}, con el código que ha escrito?",
    link: "¿Crear un código con el que otro dispositivo pueda hablar por usted en {site}?",
    remove: "¿Quitar un dispositivo, para que ya no hable por usted en {site}?",
    request: "¿Preparar una solicitud para su madre, padre o tutor sobre {site}?",
    approve: "Como madre, padre o tutor, ¿aceptar lo que el menor pide a {site}?",
    person: "¿Pedir una persona en {site}?",
    tell: "¿Decir a la persona de {site} cómo se siente?",
    yes: "Sí, lo quiero", no: "No, no hacer nada",
  },
  fr: {
    agree: "Laisser {site} utiliser ce que vous ressentez, pour les finalités que vous avez choisies ? Là où vous l’avez choisi, c’est lu sur votre visage.",
    camera: "Allumer la caméra pour que votre expression soit lue pour {site} ?",
    affirm: "Est-ce bien vous qui êtes là, et la caméra peut-elle continuer à lire votre expression pour {site} ?",
    mood: "Dire à {site} ce que vous ressentez, par le mot sur lequel vous avez appuyé ?",
    correct: "Changer ce que {site} détient sur ce que vous ressentiez ?",
    erase: "Effacer tout ce que {site} détient sur vous ? C’est irréversible.",
    join: "Rattacher cet appareil à vous chez {site}, avec le code saisi ?",
    link: "Créer un code avec lequel un autre appareil pourra parler pour vous chez {site} ?",
    remove: "Retirer un appareil, pour qu’il ne parle plus pour vous chez {site} ?",
    request: "Préparer une demande à votre parent ou tuteur pour {site} ?",
    approve: "Comme parent ou tuteur, accepter ce que l’enfant demande à {site} ?",
    person: "Demander une personne chez {site} ?",
    tell: "Dire à la personne de {site} ce que vous ressentez ?",
    yes: "Oui, je le veux", no: "Non, ne rien faire",
  },
  ru: {
    agree: "Разрешить {site} использовать то, что вы чувствуете, для выбранных вами целей? Там, где вы это выбрали, это считывается с вашего лица.",
    camera: "Включить камеру, чтобы выражение вашего лица считывалось для {site}?",
    affirm: "Это вы сидите перед камерой, и можно ли дальше считывать выражение вашего лица для {site}?",
    mood: "Сообщить {site}, что вы чувствуете, словом, которое вы нажали?",
    correct: "Изменить то, что {site} хранит о ваших чувствах?",
    erase: "Стереть всё, что {site} хранит о вас? Отменить это нельзя.",
    join: "Присоединить это устройство к вам на {site} по введённому коду?",
    link: "Создать код, с которым ещё одно устройство сможет говорить за вас на {site}?",
    remove: "Убрать устройство, чтобы оно больше не говорило за вас на {site}?",
    request: "Составить запрос родителю или опекуну для {site}?",
    approve: "Как родитель или опекун согласиться с тем, о чём ребёнок просит {site}?",
    person: "Попросить человека на {site}?",
    tell: "Сообщить человеку на {site}, что вы чувствуете?",
    yes: "Да, хочу", no: "Нет, ничего не делать",
  },
  zh: {
    agree: "允许 {site} 将您的感受用于您所选的目的吗？在您选择了的地方，感受由您的面部读取。",
    camera: "打开摄像头，为 {site} 读取您的表情吗？",
    affirm: "坐在那里的是您本人吗？摄像头可以继续为 {site} 读取您的表情吗？",
    mood: "用您按下的词告诉 {site} 您的感受吗？",
    correct: "更改 {site} 保存的关于您感受的内容吗？",
    erase: "删除 {site} 保存的关于您的一切吗？此操作无法撤销。",
    join: "用您输入的代码，在 {site} 将此设备加入您的设备吗？",
    link: "生成一个代码，使另一台设备可以在 {site} 代表您吗？",
    remove: "移除一台设备，使它不再在 {site} 代表您吗？",
    request: "为 {site} 向您的父母或监护人提出请求吗？",
    approve: "作为父母或监护人，同意孩子对 {site} 的请求吗？",
    person: "在 {site} 请求人工服务吗？",
    tell: "告诉 {site} 的人员您的感受吗？",
    yes: "是，我确定", no: "否，什么也不做",
  },
};
