//! What columns are called, in the languages that exports come in.

/// The words of a column's name: lower case, split at what is no letter or digit and where small
/// letters turn to capitals (`RecordedDate`). Marks that stand alone (`#`, `⭐`) are words.
pub(super) fn of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut small = false;
    for letter in name.chars() {
        let breaks = !letter.is_alphanumeric() || (small && letter.is_uppercase());
        if breaks && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        small = letter.is_lowercase();
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        } else if matches!(letter, '#' | '⭐' | '★' | '💬') {
            words.push(letter.to_string());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether one of the words is in the list.
pub(super) fn any(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

/// Tells of a person. Such columns are never kept.
pub(super) const PERSONAL: &[&str] = &[
    "account",
    "achternaam",
    "address",
    "adress",
    "adresse",
    "agent",
    "apellido",
    "apellidos",
    "assignee",
    "assigned",
    "birth",
    "birthday",
    "card",
    "cognome",
    "correo",
    "courriel",
    "dirección",
    "dob",
    "efternamn",
    "email",
    "employee",
    "epost",
    "födelsedatum",
    "förnamn",
    "geburtsdatum",
    "guest",
    "handy",
    "iban",
    "indirizzo",
    "ip",
    "ipaddress",
    "latitude",
    "longitude",
    "mail",
    "mobil",
    "mobile",
    "móvil",
    "naam",
    "nachname",
    "name",
    "namn",
    "nom",
    "nombre",
    "nome",
    "passport",
    "phone",
    "plz",
    "postal",
    "postcode",
    "postnummer",
    "prénom",
    "recipient",
    "sobrenome",
    "ssn",
    "strasse",
    "straße",
    "street",
    "tel",
    "telefon",
    "telefono",
    "teléfono",
    "telefone",
    "telephone",
    "teammate",
    "user",
    "username",
    "vorname",
    "zip",
];

/// Makes a column harmless that would otherwise tell of a person: `User Language`, `Product name`.
pub(super) const HARMLESS: &[&str] = &["language", "lang", "locale", "country", "version", "product", "app", "store", "survey"];

/// Part of the name of an id.
pub(super) const ID: &[&str] = &["id", "ident", "identifiant", "identificador", "kennung", "المعرف", "uuid", "guid"];

/// What an id of a record is an id of.
pub(super) const ID_OF: &[&str] = &[
    "answer",
    "case",
    "conversation",
    "entry",
    "external",
    "feedback",
    "record",
    "respondent",
    "response",
    "review",
    "submission",
    "survey",
    "ticket",
    "antwort",
    "svar",
    "respuesta",
    "réponse",
    "resposta",
];

/// An id by itself.
pub(super) const ID_ALONE: &[&str] = &[
    "#",
    "case",
    "código",
    "key",
    "no",
    "nr",
    "number",
    "nummer",
    "numéro",
    "número",
    "numero",
    "pedido",
    "ref",
    "reference",
    "referenz",
    "referens",
    "ticket",
    "token",
    "vorgang",
    "ärende",
];

/// Ids and numbers of something else than the record.
pub(super) const ID_OF_OTHERS: &[&str] =
    &["collector", "network", "room", "guest", "phone", "agent", "user", "account", "product", "store", "session", "device", "external"];

/// The answer was given then.
pub(super) const DATE_OF_ANSWER: &[&str] = &[
    "abgegeben",
    "abgeschickt",
    "abgeschlossen",
    "answered",
    "completed",
    "completion",
    "enviado",
    "posted",
    "published",
    "received",
    "recorded",
    "responded",
    "response",
    "soumis",
    "submission",
    "submit",
    "submitted",
    "svarad",
    "besvarad",
];

/// A date, without saying of what.
pub(super) const DATE: &[&str] = &[
    "at",
    "créé",
    "created",
    "data",
    "date",
    "datum",
    "fecha",
    "marca",
    "tidpunkt",
    "tidstämpel",
    "time",
    "timestamp",
    "ts",
    "when",
    "zeitpunkt",
    "zeitstempel",
    "horodateur",
    "skapad",
    "erstellt",
    "creado",
    "التاريخ",
    "дата",
];

/// The answer was begun then.
pub(super) const DATE_OF_START: &[&str] = &["start", "started", "begin", "began", "beginn", "startad", "inicio", "début"];

/// Something was changed then.
pub(super) const DATE_OF_CHANGE: &[&str] = &["changed", "geändert", "last", "modified", "modifié", "updated", "uppdaterad", "ändrad"];

/// Dates of something else.
pub(super) const DATE_OF_OTHERS: &[&str] =
    &["birth", "birthday", "closed", "due", "expiry", "order", "ordered", "purchase", "delivery", "duration"];

/// A rating.
pub(super) const RATING: &[&str] = &[
    "avaliação",
    "beoordeling",
    "betyg",
    "bewertung",
    "calificación",
    "cijfer",
    "csat",
    "gesamtnote",
    "grade",
    "likelihood",
    "likely",
    "nota",
    "note",
    "nöjd",
    "nps",
    "punteggio",
    "puntuación",
    "rate",
    "rating",
    "recommend",
    "satisfaction",
    "satisfied",
    "score",
    "stars",
    "star",
    "sterne",
    "stjärnor",
    "valoración",
    "valutazione",
    "zufrieden",
    "zufriedenheit",
    "évaluation",
    "⭐",
    "★",
    "التقييم",
    "оценка",
];

/// Not the rating itself but what was made of it.
pub(super) const RATING_OF_OTHERS: &[&str] = &["group", "max", "maximum", "label", "count", "comment", "reason", "scale"];

/// What the customer wrote.
pub(super) const TEXT: &[&str] = &[
    "answer",
    "anmerkung",
    "avis",
    "bemerkung",
    "bemerkungen",
    "body",
    "comentario",
    "comentarios",
    "comentário",
    "comment",
    "commentaire",
    "commento",
    "comments",
    "content",
    "description",
    "feedback",
    "fritext",
    "kommentar",
    "kommentarer",
    "kommentare",
    "message",
    "nachricht",
    "omdöme",
    "opinion",
    "opinión",
    "opmerking",
    "opmerkingen",
    "remark",
    "remarks",
    "review",
    "rezension",
    "specify",
    "suggestions",
    "text",
    "toelichting",
    "verbatim",
    "why",
    "💬",
    "التعليق",
    "комментарий",
];

/// Headline.
pub(super) const TITLE: &[&str] = &["title", "subject", "headline", "betreff", "titel", "rubrik", "título", "titre", "onderwerp"];

/// Language of the answer.
pub(super) const LANGUAGE: &[&str] = &["language", "lang", "locale", "sprache", "språk", "idioma", "langue", "lingua", "taal"];

/// Where to read the original.
pub(super) const LINK: &[&str] = &["url", "link", "permalink"];

/// Time zone of the row.
pub(super) const ZONE: &[&str] = &["timezone", "tz", "zeitzone", "tidszon"];

/// Whether the row is a real answer.
pub(super) const STATUS: &[&str] = &["status"];

/// Kept as fields, under these names.
pub(super) const FIELDS: &[(&str, &[&str])] = &[
    ("country", &["country", "land", "país", "pays", "paese", "territory", "storefront"]),
    ("version", &["version", "release", "build"]),
    ("product", &["product", "produkt", "producto", "produit", "prodotto", "sku", "app"]),
    ("channel", &["channel", "kanal", "canal"]),
    ("store", &["store", "shop", "filiale", "butik", "tienda", "magasin", "branch"]),
    ("region", &["region", "región", "région"]),
    ("property", &["property", "hotel", "site"]),
    ("platform", &["platform", "plattform", "os"]),
    ("device", &["device", "gerät", "enhet"]),
    ("source", &["source", "quelle", "källa"]),
    ("brand", &["brand", "marke", "varumärke"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        for (name, words) in [
            ("RecordedDate", "recorded date"),
            ("E-mail", "e mail"),
            ("csat_1_5", "csat 1 5"),
            ("Submit Date (UTC)", "submit date utc"),
            ("Response #", "response #"),
            ("⭐", "⭐"),
            ("IPAddress", "ipaddress"),
            ("Hur nöjd är du?", "hur nöjd är du"),
        ] {
            assert_eq!(of(name).join(" "), words, "{name}");
        }
    }
}
