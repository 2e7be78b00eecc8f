//! About how often the commonest words come in what customers write.
//!
//! It decides which word of a rule is waited for, and so how quickly rules are asked; never what
//! matches. Rounded counts in a million words of reviews, of all languages together.

/// Words in plain form, sorted, with how often they come in a million words.
#[rustfmt::skip]
const COMMON: &[(&str, u32)] = &[
    ("a", 19_000), ("about", 1600), ("account", 770), ("after", 1600), ("again", 950), ("all", 2400), ("also", 920),
    ("always", 850), ("am", 1300), ("an", 2400), ("and", 20_000), ("another", 590), ("answer", 300), ("any", 1200),
    ("app", 2200), ("are", 3100), ("as", 2900), ("at", 2300), ("att", 15_000), ("auf", 5000), ("back", 1100), ("bank",
    500), ("be", 2900), ("because", 1100), ("been", 2500), ("before", 600), ("best", 1600), ("better", 540), ("bir",
    2300), ("bot", 150), ("but", 3600), ("by", 1100), ("call", 850), ("called", 600), ("can", 1500), ("cant", 600),
    ("card", 500), ("chat", 400), ("che", 12_000), ("claim", 2500), ("claims", 1900), ("client", 1500), ("com", 2400),
    ("company", 1400), ("con", 8000), ("contact", 450), ("could", 740), ("customer", 2300), ("das", 10_000), ("day",
    690), ("days", 850), ("delivery", 400), ("der", 15_000), ("des", 9000), ("det", 15_000), ("dia", 1100), ("dias",
    600), ("did", 950), ("die", 20_000), ("dla", 4000), ("do", 3700), ("dont", 1000), ("een", 12_000), ("ei", 9000),
    ("email", 650), ("etta", 4000), ("even", 1200), ("every", 700), ("experience", 1250), ("first", 1000), ("foi", 830),
    ("for", 10_000), ("from", 2300), ("geld", 900), ("get", 2300), ("go", 820), ("going", 570), ("good", 1700), ("got",
    1100), ("great", 2200), ("had", 3400), ("har", 8000), ("has", 2000), ("have", 6100), ("he", 1000), ("help", 1000),
    ("helpful", 670), ("her", 1000), ("het", 12_000), ("how", 1100), ("i", 20_000), ("icin", 830), ("if", 1900),
    ("ikke", 9000), ("im", 1000), ("in", 6400), ("insurance", 800), ("inte", 9000), ("is", 8000), ("issue", 610),
    ("issues", 570), ("ist", 10_000), ("it", 7700), ("its", 1150), ("ive", 680), ("jest", 5000), ("joka", 2000),
    ("just", 2100), ("kein", 3000), ("keine", 3000), ("klant", 800), ("klienta", 700), ("know", 860), ("kredi", 700),
    ("kunden", 1000), ("las", 6000), ("last", 570), ("les", 9000), ("like", 1200), ("long", 540), ("los", 9000),
    ("made", 730), ("mais", 3500), ("make", 730), ("me", 5300), ("med", 7000), ("mehr", 2500), ("mesmo", 650), ("meu",
    970), ("minha", 670), ("mit", 8000), ("money", 940), ("month", 600), ("months", 590), ("more", 1200), ("much", 800),
    ("musteri", 830), ("mutta", 2500), ("my", 10_000), ("nach", 3000), ("nao", 3200), ("need", 880), ("never", 1100),
    ("new", 800), ("nicht", 8000), ("nie", 9000), ("niet", 8000), ("no", 4600), ("non", 8000), ("not", 4700),
    ("nothing", 400), ("now", 1600), ("number", 530), ("och", 15_000), ("of", 7600), ("on", 5500), ("one", 1600),
    ("only", 1300), ("or", 1600), ("order", 700), ("other", 880), ("our", 2100), ("out", 1700), ("over", 1000), ("paid",
    720), ("para", 6000), ("pas", 8000), ("pay", 830), ("payment", 400), ("people", 600), ("per", 9000), ("pero", 3000),
    ("phone", 1200), ("please", 570), ("policy", 700), ("pour", 7000), ("product", 500), ("que", 5800), ("really", 840),
    ("received", 540), ("recommend", 920), ("refund", 500), ("response", 350), ("said", 580), ("same", 660), ("sent",
    350), ("service", 3400), ("she", 900), ("should", 590), ("since", 590), ("so", 3500), ("som", 9000), ("some", 690),
    ("still", 950), ("support", 900), ("take", 660), ("talep", 700), ("than", 930), ("thank", 1100), ("thanks", 1200),
    ("that", 5600), ("the", 23_000), ("their", 1700), ("them", 1800), ("then", 1000), ("there", 1400), ("they", 5800),
    ("this", 4700), ("through", 740), ("time", 2300), ("times", 590), ("to", 21_000), ("told", 600), ("too", 570),
    ("took", 530), ("two", 630), ("uma", 1500), ("und", 20_000), ("une", 7000), ("up", 2200), ("us", 1000), ("use",
    1400), ("very", 3600), ("waiting", 350), ("was", 8000), ("way", 700), ("we", 3100), ("well", 800), ("were", 1300),
    ("what", 1500), ("when", 2500), ("which", 930), ("who", 620), ("why", 690), ("will", 1900), ("with", 6300),
    ("without", 540), ("work", 760), ("would", 1800), ("year", 790), ("years", 1000), ("you", 6000), ("your", 2500),
];

/// How many words of a million are exactly this one, as far as it is a common one.
pub(super) fn exact(word: &str) -> u32 {
    COMMON.binary_search_by_key(&word, |(common, _)| *common).map_or(0, |at| COMMON[at].1)
}

/// How many words of a million are common ones that begin so.
pub(super) fn prefix(start: &str) -> u32 {
    let first = COMMON.partition_point(|(common, _)| *common < start);
    COMMON[first..].iter().take_while(|(common, _)| common.starts_with(start)).map(|(_, often)| often).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted_and_plain() {
        assert!(COMMON.is_sorted_by(|(a, _), (b, _)| a < b));
        for (word, often) in COMMON {
            let mut plain = String::new();
            crate::text::normalise::fold(word, &mut plain);
            assert_eq!(plain, *word);
            assert!(*often > 0);
        }
    }

    #[test]
    fn a_beginning_is_as_common_as_its_words_together() {
        assert_eq!(prefix("customer"), exact("customer"));
        assert_eq!(prefix("claim"), exact("claim") + exact("claims"));
        assert_eq!((exact("xylophone"), prefix("xylo")), (0, 0));
    }
}
