//! Ids made of names: `Frontend Developer`, `c++-pro`, `代码审查`.

use deunicode::deunicode;

/// Most characters of an id, as the component has it.
const MAX_ID: usize = 64;

/// The id that a name stands for: `[a-z][a-z0-9_]{0,63}`. Other scripts are written in Latin letters. None for a name without
/// any letter or digit.
pub fn id_of(name: &str) -> Option<String> {
    // Languages that differ by their signs alone.
    let spelled = name.trim().to_lowercase().replace("++", "pp").replace("c#", "csharp").replace("f#", "fsharp");
    let mut id = String::new();
    for character in deunicode(&spelled.replace('&', " and ")).chars() {
        if character.is_ascii_alphanumeric() {
            id.push(character.to_ascii_lowercase());
        } else if character != '\'' && !id.is_empty() && !id.ends_with('_') {
            id.push('_');
        }
    }
    let mut id = id.trim_end_matches('_').to_owned();
    if id.starts_with(|c: char| c.is_ascii_digit()) {
        id.insert_str(0, "agent_");
    }
    if id.len() > MAX_ID {
        let cut = id.get(..MAX_ID).unwrap_or_default();
        // A word in two would be harder to name than one less.
        id = cut.rsplit_once('_').map_or(cut, |(whole, _)| whole).to_owned();
    }
    (!id.is_empty()).then_some(id)
}

/// Whether an id says all that its name says.
pub fn says_all(id: &str, name: &str) -> bool {
    name.trim().replace('-', "_") == id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_ids() {
        let cases = [
            ("test-fixer", "test_fixer"),
            ("code_reviewer", "code_reviewer"),
            ("Frontend Developer", "frontend_developer"),
            ("  UI/UX  Designer (v2) ", "ui_ux_designer_v2"),
            ("c++-pro", "cpp_pro"),
            ("C# Pro", "csharp_pro"),
            ("R&D's lead", "r_and_ds_lead"),
            (".NET-expert", "net_expert"),
            ("3d-artist", "agent_3d_artist"),
            ("Développeur d'été", "developpeur_dete"),
            ("Проверяющий код", "proveriaiushchii_kod"),
            ("代码审查", "dai_ma_shen_cha"),
            ("basic/file-reader", "basic_file_reader"),
        ];
        for (name, id) in cases {
            assert_eq!(id_of(name).as_deref(), Some(id), "{name}");
        }
        assert_eq!(id_of(" — "), None);
        assert_eq!(id_of(""), None);
    }

    #[test]
    fn ids_are_cut_between_words() {
        let id = id_of(&"seven-l ".repeat(12)).expect("an id");
        assert!(id.len() <= MAX_ID && id.ends_with("seven_l"), "{id}");
        assert_eq!(id_of(&"x".repeat(80)).map(|id| id.len()), Some(MAX_ID));
    }
}
