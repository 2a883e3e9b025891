const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const BLOCK_REASONS = [
  'Rechnung doppelt gestellt',
  'poached by customer',
  'no show, 3 times',
  'Scheinselbständigkeit geprüft – gesperrt',
  'kłótnia z klientem',
  'asked not to be called again',
];

export const ROLES = words('developer architect tester analyst operator designer coach');

export const COMPANY_WORDS =
  words(`Nord Süd Öko Haupt Rhein Elbe Alpen Delta Omega Čapek Łódź Büro Global Inter Euro
  Tech Data Soft Bau Logistik Energie Pharma Auto Bank Versicherung Handel Medien Kraft Wasser Stahl`);

export const COMPANY_FORMS = [
  'GmbH',
  'AG',
  'GmbH & Co. KG',
  'e.K.',
  'SE',
  'Sp. z o.o.',
  's.r.o.',
  'SARL',
  'A/S',
  'Ltd.',
];

export const PROJECT_WORDS =
  words(`Relaunch Migration Rollout Portal Datawarehouse Schnittstelle Intranet Webshop
  Archivierung Ablösung Einführung Umstellung Audit Cloud Abrechnung Lager Kasse Meldewesen`);

/** Companies that no Latin matchcode has a letter of. */
export const FOREIGN_COMPANIES = [
  'ООО Северный Ветер',
  'Ελληνική Τεχνική Α.Ε.',
  '株式会社山田製作所',
  'شركة النور للتجارة',
  '上海大众贸易有限公司',
  'ТОВ Дніпро',
];

/** What people write under a day. NULL is more common. */
export const SHEET_TEXTS = [
  'Meeting',
  'Bugfix',
  'Tests',
  'on-site',
  'Übergabe',
  'Workshop Köln',
  'réunion',
  'testy integracyjne',
  'доработка отчёта',
  'コードレビュー',
  'مراجعة',
  'go-live 🎉',
  'Reisezeit 2h',
  'Ticket #4711, #4712',
  'remote 🏠',
  'code review; Deployment',
];

export const REJECT_REASONS = [
  'doppelt',
  'falsches Projekt',
  'kein Urlaub eingetragen',
  'hours not agreed',
  'Reisezeit wird nicht bezahlt',
  'bitte halbe Tage',
];

export const NOTE_TEXTS = [
  'bitte zurückrufen',
  'contract signed ✅',
  'umowa wysłana',
  'Adresse prüfen!',
  'звонил дважды',
  'τηλεφώνησε ξανά',
  '請求書を確認してください',
  'اتصل غداً',
  '发票已收到 👍',
  'zahlt immer spät 😤',
  'Herr Dr. Weiß ist jetzt bei „Elbe Data“',
  '<b>NICHT</b> anrufen',
];

export const CREDIT_REASONS = ['Stunden falsch', 'Kulanz', 'wrong rate', 'Storno', 'Nachlass lt. Hr. Groß'];

export const PAYMENT_TEXTS = [
  'SPESEN',
  'REISEKOSTEN',
  'ABSCHLAG',
  'BONUS',
  'KORREKTUR HONORAR',
  'Vermittlungsprämie',
];
