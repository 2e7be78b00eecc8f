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
    "adresses",
    "adres",
    "agent",
    "användarnamn",
    "apellidos",
    "benutzername",
    "apellido",
    "assignee",
    "assigned",
    "birth",
    "birthday",
    "card",
    "cognome",
    "correo",
    "courriel",
    "direccion",
    "dirección",
    "dob",
    "efternamn",
    "email",
    "emailadresse",
    "employee",
    "epost",
    "födelsedatum",
    "förnamn",
    "geburtsdatum",
    "guest",
    "handy",
    "handynummer",
    "iban",
    "indirizzo",
    "ip",
    "ipaddress",
    "kundenname",
    "kundnamn",
    "latitude",
    "longitude",
    "mail",
    "mailadresse",
    "manager",
    "medarbetare",
    "mitarbeiter",
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
    "personnummer",
    "phone",
    "plz",
    "postal",
    "postcode",
    "postnummer",
    "prenom",
    "prénom",
    "recipient",
    "sobrenome",
    "ssn",
    "strasse",
    "straße",
    "street",
    "surname",
    "tel",
    "telefon",
    "telefonnummer",
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

/// Tells of a person where nothing else stands in a column's name.
pub(super) const PERSONAL_ALONE: &[&str] =
    &["client", "cliente", "consumer", "contact", "customer", "klant", "kund", "kunde", "owner", "requester", "reviewer", "submitter"];

/// Tells of a person whatever else a column's name says: `Store manager`, `App user first name`.
pub(super) const PERSONAL_ALWAYS: &[&str] = &[
    "agent",
    "assignee",
    "assigned",
    "birth",
    "email",
    "employee",
    "first",
    "guest",
    "ip",
    "last",
    "mail",
    "manager",
    "mobile",
    "owner",
    "phone",
    "recipient",
    "street",
    "surname",
    "telephone",
    "username",
];

/// Makes a column harmless that would otherwise tell of a person: `User Language`, `Product name`.
pub(super) const HARMLESS: &[&str] = &[
    "app", "branch", "brand", "campaign", "country", "hotel", "lang", "language", "locale", "magasin", "produit", "product", "producto",
    "prodotto", "produkt", "property", "shop", "store", "survey", "tienda", "version",
];

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
pub(super) const ID_OF_OTHERS: &[&str] = &[
    "account",
    "agent",
    "business",
    "campaign",
    "collector",
    "device",
    "external",
    "form",
    "guest",
    "location",
    "network",
    "phone",
    "product",
    "room",
    "session",
    "store",
    "user",
];

/// The answer was given then.
pub(super) const DATE_OF_ANSWER: &[&str] = &[
    "abgegeben",
    "abgesendet",
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
    "aikaleima",
    "at",
    "carimbo",
    "créé",
    "created",
    "data",
    "date",
    "datum",
    "fecha",
    "marca",
    "cronologiche",
    "tidpunkt",
    "tidsmerke",
    "tidsstempel",
    "tidstämpel",
    "tijdstempel",
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
pub(super) const DATE_OF_CHANGE: &[&str] = &["changed", "geändert", "modified", "modifié", "updated", "uppdaterad", "ändrad"];

/// Dates of something else.
pub(super) const DATE_OF_OTHERS: &[&str] = &[
    "birth",
    "birthday",
    "closed",
    "delivery",
    "due",
    "duration",
    "expiry",
    "invitation",
    "invited",
    "order",
    "ordered",
    "purchase",
    "replied",
    "reply",
    "resolved",
    "sent",
    "solved",
];

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
    "aanbevelen",
    "empfehlen",
    "fornøyd",
    "pontuação",
    "recommanderiez",
    "recomendaría",
    "rekommendera",
    "satisfait",
    "satisfecho",
    "satisfeito",
    "soddisfatto",
    "tevreden",
    "tilfreds",
    "weiterempfehlen",
    "évaluation",
    "⭐",
    "★",
    "التقييم",
    "оценка",
];

/// Asks how likely it is that somebody recommends us, from 0 to 10 wherever it is asked.
pub(super) const RECOMMEND: &[&str] = &[
    "aanbevelen",
    "anbefale",
    "consiglieresti",
    "consigliare",
    "empfehlen",
    "recommander",
    "recommanderiez",
    "recommend",
    "recomendar",
    "recomendaria",
    "recomendaría",
    "recomendarías",
    "recomiende",
    "rekommendera",
    "weiterempfehlen",
];
/// The other half of it.
pub(super) const LIKELY: &[&str] = &[
    "likelihood",
    "likely",
    "probabile",
    "probabilidad",
    "probabilidade",
    "probabilité",
    "probable",
    "provável",
    "sandsynligt",
    "sannolikhet",
    "sannolikt",
    "sannsynlig",
    "troligt",
    "waarschijnlijk",
    "wahrscheinlich",
    "wahrscheinlichkeit",
];

/// A question for a number that is no rating.
pub(super) const COUNTING: &[&str] = &[
    "alt", "combien", "cuántas", "cuántos", "gammal", "hoeveel", "long", "många", "many", "much", "ofta", "often", "oft", "old", "quante",
    "quanti", "quantas", "quantos", "viele",
];

/// Not the rating itself but what was made of it, or a number of another kind.
pub(super) const RATING_OF_OTHERS: &[&str] =
    &["average", "avg", "comment", "completion", "count", "group", "label", "max", "maximum", "reason", "scale", "sentiment"];

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

/// Not what the customer wrote but something about it: `Review status`, `Feedback type`.
pub(super) const ABOUT_TEXT: &[&str] = &[
    "browser",
    "categories",
    "category",
    "channel",
    "count",
    "date",
    "duration",
    "id",
    "job",
    "label",
    "labels",
    "lang",
    "language",
    "length",
    "link",
    "metadata",
    "number",
    "platform",
    "referer",
    "referrer",
    "sentiment",
    "source",
    "state",
    "status",
    "tag",
    "tags",
    "theme",
    "themes",
    "time",
    "timestamp",
    "topic",
    "topics",
    "type",
    "url",
    "version",
];

/// Whose words these are that answer the customer, with a word for an answer.
pub(super) const STAFF: &[&str] = &[
    "agent",
    "business",
    "company",
    "developer",
    "entreprise",
    "merchant",
    "management",
    "owner",
    "seller",
    "unternehmen",
    "unternehmens",
];
/// Words for an answer, which may be the customer's.
pub(super) const ANSWER: &[&str] = &["answer", "antwort", "comment", "reply", "replies", "respuesta", "response", "réponse", "svar"];

/// A headline of something else.
pub(super) const TITLE_OF_OTHERS: &[&str] = &["job", "page", "product", "survey", "form"];

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
