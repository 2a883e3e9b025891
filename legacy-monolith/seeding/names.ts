/** People of one place: names in its own script and the cities they live in. */
export type Place = {
  readonly country: string;
  readonly dial: string;
  readonly first: readonly string[];
  readonly last: readonly string[];
  readonly cities: readonly string[];
};

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** The agency's home first: places are picked with preference for the front. */
export const PLACES: readonly Place[] = [
  {
    country: 'DE',
    dial: '+49',
    first:
      words(`Jürgen Anna Björn Jörg Käthe Sören Günther Bärbel Lukas Marie Paul Sabine Uwe Heike Jan Lena Max
      Mia Noah Ruth Karl-Heinz Anke Torsten Ute Ralf Silke`),
    last: words(`Müller Mueller Schmidt Schröder Schroeder Weiß Weiss Groß Bäcker Jäger König Köhler Krüger Vogt
      Lange Hoffmann Schäfer Koch Bauer Richter Wolf Neumann Schwarz Zimmermann Braun Krämer Öztürk-Meyer`),
    cities: words('Berlin Hamburg München Köln Düsseldorf Nürnberg Lübeck Göttingen Leipzig Dresden Bremen'),
  },
  {
    country: 'PL',
    dial: '+48',
    first: words(
      `Łukasz Małgorzata Paweł Agnieszka Michał Zofia Wojciech Grażyna Stanisław Kasia Jędrzej Elżbieta`,
    ),
    last: words(
      `Wójcik Kowalczyk Wiśniewska Łukaszewicz Dąbrowski Żak Świątek Zieliński Szymańska Woźniak Król`,
    ),
    cities: words('Warszawa Kraków Łódź Wrocław Poznań Gdańsk'),
  },
  {
    country: 'FR',
    dial: '+33',
    first: words(`François Zoé Hélène Jérôme Benoît Chloé Noël Anaïs Gaëlle René Camille Louis Inès`),
    last: words(
      `Lefèvre Gérard Dubois Béranger Françoise-Dupont Châtelain Noël Besançon Garçon Petit D'Arcy Moreau`,
    ),
    cities: words('Paris Lyon Besançon Orléans Nîmes Strasbourg'),
  },
  {
    country: 'CZ',
    dial: '+420',
    first: words(`Jiří Zdeněk Tomáš Kateřina Ondřej Lenka Vojtěch Šárka Luboš Žofie Marek`),
    last: words(`Novák Dvořák Černý Svobodová Procházka Kučera Říha Šťastný Žižka Němec Růžička`),
    cities: words('Praha Brno Ostrava Plzeň Olomouc'),
  },
  {
    country: 'TR',
    dial: '+90',
    first: words(`Ayşe Çağla Işıl Gökçe İbrahim Mehmet Özgür Tuğba Yiğit Şule Deniz`),
    last: words(`Yıldız Şahin Öztürk Çelik Güneş Kılıç Doğan Işık Aydın Yılmaz`),
    cities: words('İstanbul Ankara İzmir Eskişehir'),
  },
  {
    country: 'ES',
    dial: '+34',
    first: words(`José Begoña Íñigo María Ángel Lucía Sofía Andrés Nuño Iker`),
    last: words(`Núñez García Muñoz Peña Ibáñez López Gómez Yáñez`),
    cities: words('Madrid Málaga Cádiz Bilbao'),
  },
  {
    country: 'DK',
    dial: '+45',
    first: words(`Søren Åse Jørgen Bjørn Kåre Mette Freja`),
    last: words(`Østergaard Ålund Sørensen Kjær Møller Nygård`),
    cities: words('København Århus Ålborg Odense'),
  },
  {
    country: 'GR',
    dial: '+30',
    first: words(`Γιώργος Ελένη Νίκος Μαρία Δημήτρης Κατερίνα`),
    last: words(`Παπαδόπουλος Νικολάου Γεωργίου Αθανασίου Οικονόμου`),
    cities: words('Αθήνα Θεσσαλονίκη Πάτρα'),
  },
  {
    country: 'JP',
    dial: '+81',
    first: words(`太郎 花子 健一 美咲 翔太 さくら ケンジ`),
    last: words(`佐藤 鈴木 高橋 田中 渡辺 山本 小林`),
    cities: words('東京 大阪 京都 札幌'),
  },
  {
    country: 'UA',
    dial: '+380',
    first: words(`Олена Андрій Наталія Іван Оксана Юрій Софія`),
    last: words(`Шевченко Коваленко Бондаренко Ткаченко Їжак`),
    cities: words('Київ Львів Харків Одеса'),
  },
  {
    country: 'BG',
    dial: '+359',
    first: words(`Иван Мария Георги Елена Димитър`),
    last: words(`Иванов Петрова Димитров Николова`),
    cities: words('София Пловдив Варна'),
  },
  {
    country: 'EG',
    dial: '+20',
    first: words(`محمد أحمد فاطمة ليلى يوسف مريم`),
    last: words(`حسن إبراهيم السيد عبدالله منصور`),
    cities: words('القاهرة الإسكندرية الجيزة'),
  },
  {
    country: 'CN',
    dial: '+86',
    first: words(`伟 芳 娜 秀英 建国 小龙`),
    last: words(`王 李 张 刘 陈 杨`),
    cities: words('上海 北京 深圳'),
  },
  {
    country: 'KR',
    dial: '+82',
    first: words(`민준 서연 지훈 하은 도윤`),
    last: words(`김 이 박 최 정`),
    cities: words('서울 부산'),
  },
];

/** One name only: artists, and people from where that is usual. */
export const MONONYMS = words(
  `Suharto Björk Sukarno Madonna Teller Øyvind Ærø Zoë Prinz Håkon Михаил Ηρώ Nargis Ünal`,
);

/** Ordered by how often they are asked for. */
export const SKILLS =
  words(`java javascript sql typescript python c# react node.js .net docker aws spring c++ angular
  linux kubernetes php azure postgresql git html css oracle sap jenkins vue.js go kotlin terraform mysql mongodb
  c abap scrum rust scala swift ruby kafka ansible hadoop spark r matlab perl cobol delphi fortran ada pl/sql
  f# objective-c elixir haskell clojure asp.net ms-sql db2 jira itil sap-hana sap-fi sap-mm next.js d3.js three.js
  embedded autosar can-bus plc labview vba excel tableau powerbi snowflake dbt airflow erlang prolog lisp rpg jcl`);

export const MAIL_HOSTS = words('gmx.example web.example mail.example freelance.example posteo.example');
