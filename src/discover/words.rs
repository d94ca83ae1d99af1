//! Words of many languages: for a next page, and for lists that are none of news.

use std::collections::HashSet;
use std::sync::OnceLock;

/// Whether a heading above a list says that it is none of news.
pub(super) fn says_decoy(heading: &str) -> bool {
    const WORDS: &[&str] = &[
        "most read",
        "most viewed",
        "most popular",
        "popular",
        "trending",
        "related",
        "recommended",
        "you may also",
        "see also",
        "upcoming",
        "events",
        "calendar",
        "tags",
        "quick links",
        "meistgelesen",
        "am häufigsten",
        "veranstaltungen",
        "termine",
        "verwandte",
        "les plus lus",
        "à lire aussi",
        "agenda",
        "événements",
        "más leído",
        "más vist",
        "relacionad",
        "eventos",
        "más popular",
        "mais lidas",
        "mais vist",
        "più letti",
        "più lette",
        "eventi",
        "популярн",
        "читайте также",
        "самое читаемое",
        "события",
        "календарь",
        "найпопулярніш",
        "події",
        "アクセスランキング",
        "ランキング",
        "関連",
        "人気",
        "イベント",
        "热门",
        "相关",
        "热点",
        "인기",
        "관련",
        "الأكثر قراءة",
        "ذات صلة",
        "פופולרי",
        "הנקראות",
        "najczęściej",
        "wydarzenia",
        "nejčtenější",
        "související",
        "meest gelezen",
        "evenementen",
        "mest läst",
        "mest lest",
        "çok okunan",
        "etkinlik",
        "δημοφιλή",
    ];
    let heading = crate::domain::fold(heading);
    heading.chars().count() <= 60 && WORDS.iter().any(|w| heading.contains(w))
}

/// Words of a text that leads to a next page.
pub(super) fn says_next(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "next",
        "next page",
        "older",
        "older posts",
        "older entries",
        "older news",
        "load more",
        "more news",
        "weiter",
        "nächste",
        "nächste seite",
        "vor",
        "ältere beiträge",
        "suivant",
        "suivante",
        "page suivante",
        "siguiente",
        "siguientes",
        "página siguiente",
        "próximo",
        "próxima",
        "seguinte",
        "página seguinte",
        "successivo",
        "successiva",
        "pagina successiva",
        "avanti",
        "далее",
        "вперед",
        "вперёд",
        "следующая",
        "следующая страница",
        "наступна",
        "далі",
        "次へ",
        "次のページ",
        "次",
        "下一页",
        "下一頁",
        "下页",
        "다음",
        "다음 페이지",
        "التالي",
        "הבא",
        "volgende",
        "nästa",
        "neste",
        "næste",
        "seuraava",
        "następna",
        "następny",
        "další",
        "ďalšia",
        "următoarea",
        "următor",
        "sonraki",
        "επόμενη",
        "следваща",
        "sljedeća",
        "следећа",
        "sledeća",
        "další stránka",
        "következő",
        "järgmine",
        "nākamā",
        "kitas",
        "tiếp",
        "trang sau",
        "ถัดไป",
        "اگلا",
        "بعدی",
        "›",
        "»",
        "→",
        ">",
        ">>",
        "⟩",
    ];
    if text.len() > 120 {
        return false;
    }
    let folded = crate::domain::fold(text);
    if ["older ", "earlier ", "previous news", "ältere ", "plus ancien", "más antigu", "anteriores"]
        .iter()
        .any(|w| folded.starts_with(w))
    {
        return true;
    }
    let bare = folded.trim_end_matches(|c: char| !c.is_alphanumeric());
    // "next results", "następna strona": the first word says it, if few follow.
    let starts = [
        "next ",
        "nächste ",
        "siguientes ",
        "próxima ",
        "следующ",
        "наступн",
        "następn",
        "další ",
        "volgende ",
        "nästa ",
        "neste ",
    ];
    if bare.chars().count() <= 24
        && bare.split(' ').count() <= 2
        && starts.iter().any(|w| bare.starts_with(w))
        && bare != "next steps"
    {
        return true;
    }
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let bare = if bare.is_empty() { folded } else { bare };
    static FOLDED: OnceLock<HashSet<String>> = OnceLock::new();
    FOLDED.get_or_init(|| WORDS.iter().map(|w| crate::domain::fold(w)).collect()).contains(&bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_next_pages() {
        for text in ["Next ›", "next page", "Далее", "次へ »", "»", "Siguiente >"] {
            assert!(says_next(text), "{text}");
        }
        for text in ["Last »", "2", "Next steps for the region", ""] {
            assert!(!says_next(text), "{text}");
        }
    }
}
