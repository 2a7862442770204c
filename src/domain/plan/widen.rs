//! The text of a plan in which an objective may touch more; comments and layout stay.

use toml_edit::{Item, TableLike, Value};

use super::repair::edited;
use crate::domain::toml_list::push;

/// The text of a TOML plan with `patterns` added to what the objective at `index` may touch,
/// those that are there already left out. `None` if the text is not such a plan.
pub fn with_touch(text: &str, index: usize, patterns: &[String]) -> Option<String> {
    edited(text, |document| {
        let table: &mut dyn TableLike = match document.get_mut("objective")? {
            Item::ArrayOfTables(tables) => tables.get_mut(index)?,
            Item::Value(Value::Array(items)) => items.get_mut(index)?.as_inline_table_mut()?,
            _ => return None,
        };
        let touch = table.get_mut("touch")?.as_array_mut()?;
        for pattern in patterns {
            if touch.iter().all(|old| old.as_str() != Some(pattern)) {
                push(touch, pattern);
            }
        }
        Some(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan;

    fn widened(touch: &str) -> String {
        let text = format!(
            "schema = 1 # one\nid = \"20251008-104131-x\"\nrequest = \"r\"\ntype = \"bug\"\n[[objective]]\nid = \"A\"\ntitle = \"a\"\ntouch = [\"z\"]\n\n[[objective]]\nid = \"B\"\ntitle = \"b\"\ntouch = {touch}\n"
        );
        let wider = with_touch(&text, 1, &["docs/".to_owned(), "src/".to_owned()]).expect("a plan");
        let read = plan::read(&wider).plan.expect("valid");
        assert_eq!(read.objectives[0].touch, ["z"]);
        assert_eq!(read.objectives[1].touch, ["src/", "docs/"]);
        assert!(wider.starts_with("schema = 1 # one\n"));
        wider.rsplit_once("touch = ").expect("there").1.to_owned()
    }

    #[test]
    fn the_list_keeps_its_layout() {
        assert_eq!(widened("[\"src/\"]"), "[\"src/\", \"docs/\"]\n");
        assert_eq!(widened("[ \"src/\" ] # mine"), "[ \"src/\", \"docs/\" ] # mine\n");
        assert_eq!(
            widened("[\n  # why\n  \"src/\", # this\n]"),
            "[\n  # why\n  \"src/\", # this\n  \"docs/\",\n]\n"
        );
    }

    #[test]
    fn what_is_no_plan_is_left_alone() {
        assert_eq!(with_touch("x = 1", 0, &["a".to_owned()]), None);
        assert_eq!(with_touch("[[objective]]\ntouch = 3", 0, &["a".to_owned()]), None);
    }
}
