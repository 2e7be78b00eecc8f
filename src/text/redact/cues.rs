//! What the words just read lead one to expect: a number of an order, a name, an amount.

use crate::text::redact::letters::Letters;

/// Words behind which a number is somebody's: order, ticket, booking, invoice, in many languages.
const NUMBER_WORDS: &[&str] = &[
    "order",
    "orders",
    "ordernr",
    "ordernummer",
    "ordernumber",
    "ticket",
    "tickets",
    "ticketnummer",
    "case",
    "booking",
    "reservation",
    "reference",
    "ref",
    "invoice",
    "tracking",
    "parcel",
    "shipment",
    "account",
    "customer",
    "member",
    "policy",
    "contract",
    "serial",
    "rma",
    "ord",
    "inv",
    "tck",
    "tkt",
    "id",
    "pin",
    "nr",
    "number",
    "bestellung",
    "bestellnummer",
    "auftrag",
    "auftragsnummer",
    "rechnung",
    "rechnungsnummer",
    "kundennummer",
    "vorgangsnummer",
    "sendungsnummer",
    "paket",
    "vertrag",
    "ärende",
    "ärendenummer",
    "beställning",
    "bokning",
    "bokningsnummer",
    "faktura",
    "fakturanummer",
    "kundnummer",
    "konto",
    "commande",
    "facture",
    "dossier",
    "réservation",
    "colis",
    "numéro",
    "pedido",
    "factura",
    "reserva",
    "número",
    "numero",
    "ordine",
    "fattura",
    "prenotazione",
    "zamówienie",
    "zamówienia",
    "faktury",
    "numer",
    "encomenda",
    "fatura",
    "bestelling",
    "bestelnummer",
    "factuur",
    "tilaus",
    "tilausnumero",
    "ordre",
    "ordrenummer",
    "заказ",
    "заказа",
    "номер",
    "sipariş",
];

/// Words that may stand between one of those and the number.
const FILLERS: &[&str] =
    &["no", "nr", "num", "number", "nummer", "numero", "número", "numéro", "n", "id", "is", "är", "ist", "est", "es", "the"];

/// Words behind which even a long number tells only about the program.
const HARMLESS_WORDS: &[&str] =
    &["error", "errors", "fel", "felkod", "fehler", "fehlercode", "erreur", "errore", "ошибка", "build", "version", "firmware", "http"];

const MONEY_WORDS: &[&str] = &[
    "usd",
    "eur",
    "gbp",
    "sek",
    "nok",
    "dkk",
    "chf",
    "pln",
    "czk",
    "huf",
    "ron",
    "rub",
    "try",
    "inr",
    "jpy",
    "cny",
    "cad",
    "aud",
    "brl",
    "mxn",
    "kr",
    "kronor",
    "euro",
    "euros",
    "dollars",
    "dollar",
    "bucks",
    "pounds",
    "zł",
    "złotych",
    "руб",
    "рублей",
    "lei",
    "tl",
    "rs",
    "yen",
    "kč",
    "ft",
];

/// A word of money: a currency's name or code.
pub(super) fn is_money_word(word: &str) -> bool {
    MONEY_WORDS.contains(&word)
}

/// What was read just before.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The last words in lower case, the newest last; at most four.
    words: Vec<String>,
    /// What stood between the newest word and here, at most six characters.
    gap: String,
    /// The newest word as it was written began with a capital and went on in small letters.
    capital: bool,
    /// Something other than a word stood before the newest word: it begins a sentence.
    fresh: bool,
    /// A word or sign says that a number comes.
    number: bool,
}

impl Heard {
    /// Notes a word.
    pub(super) fn word(&mut self, letters: &Letters, from: usize, to: usize) {
        let word = letters.lower(from, to);
        let filler = self.number && self.gap.len() <= 3 && FILLERS.contains(&word.as_str());
        self.number = filler || NUMBER_WORDS.contains(&word.as_str());
        self.fresh = self.words.is_empty() || self.gap.contains(['.', '!', '?', '\n', ',', ';', ':', '-', '–', '"', '(']);
        self.capital = letters.at(from).is_uppercase() && !letters.at(to - 1).is_uppercase();
        if self.words.len() == 4 {
            self.words.remove(0);
        }
        self.words.push(word);
        self.gap.clear();
    }

    /// Notes a number that stays.
    pub(super) fn number(&mut self) {
        *self = Self { words: vec![String::new()], ..Self::default() };
    }

    /// Notes anything that is no word.
    pub(super) fn mark(&mut self, letter: char) {
        if matches!(letter, '#' | '№') {
            self.number = true;
        } else if !matches!(letter, ' ' | ':' | '.' | '-' | '_' | '°' | 'º' | '\u{a0}' | '\t') || self.gap.chars().count() >= 3 {
            self.number = false;
        }
        if self.gap.chars().count() < 6 {
            self.gap.push(letter);
        }
    }

    /// A number that comes now is an order's or the like.
    pub(super) fn wants_number(&self) -> bool {
        self.number
    }

    /// A number that comes now tells about the program only.
    pub(super) fn harmless(&self) -> bool {
        self.gap.len() <= 2 && self.words.last().is_some_and(|word| HARMLESS_WORDS.contains(&word.as_str()))
    }

    /// A number that comes now is an amount of money.
    pub(super) fn money(&self) -> bool {
        self.gap.len() <= 1 && self.words.last().is_some_and(|word| is_money_word(word))
    }

    /// What stands between the newest word and here.
    pub(super) fn gap(&self) -> &str {
        &self.gap
    }

    /// The newest words are these.
    pub(super) fn ends_with(&self, phrase: &[&str]) -> bool {
        self.words.len() >= phrase.len() && self.words[self.words.len() - phrase.len()..].iter().eq(phrase)
    }

    /// The newest word.
    pub(super) fn last(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// The newest word was written with a capital.
    pub(super) fn capital(&self) -> bool {
        self.capital
    }

    /// The newest word began a sentence.
    pub(super) fn fresh(&self) -> bool {
        self.fresh
    }
}
