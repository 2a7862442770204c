use super::*;
use crate::analysis::analyze;
use crate::analysis::source::memory::Memory;
use crate::domain::config::{Breadth, Config};
use crate::domain::plan::{Facts, prove, read, to_toml};

/// A service with two packages that import each other's face, tests, texts and a lock file.
fn service() -> Vec<(&'static str, &'static str)> {
    vec![
        ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]"),
        ("Cargo.lock", "# generated"),
        ("README.md", "A shop with payments and a cart."),
        ("crates/cart/Cargo.toml", "[package]\nname = \"cart\""),
        ("crates/cart/src/lib.rs", "mod total;\nmod discount;\npub use total::Total;"),
        (
            "crates/cart/src/total.rs",
            "use payment::Money;\nuse crate::discount::Discount;\npub struct Total;\nimpl Total { fn cart_discount(&self) {} }",
        ),
        (
            "crates/cart/src/discount.rs",
            "use payment::Money;\npub struct Discount { cart: u8 }\npub fn apply_discount() {}\n",
        ),
        ("crates/cart/tests/discount.rs", "use cart::Total;\n#[test] fn discount_applies() {}"),
        ("crates/payment/Cargo.toml", "[package]\nname = \"payment\""),
        ("crates/payment/src/lib.rs", "mod money;\npub struct Money;\npub fn charge_discount() {}"),
        ("crates/payment/src/money.rs", "pub struct Money;\n"),
        ("docs/cart.md", "How a cart works and how a discount is applied."),
    ]
}

/// A plan for files in memory, made twice.
pub(super) fn draft_of(
    files: &[(&str, &str)],
    request: &str,
    max_objectives: usize,
) -> (Draft, Vec<RepoPath>) {
    let source = Memory::new(files);
    let analysis = analyze(&source, request, &|_| {}).expect("memory can be read");
    let options = Options {
        id: PlanId::new("20260102-030405", request).expect("an id"),
        base: "0".repeat(40),
        target: Some("main".to_owned()),
        global_forbid: vec!["secrets/".to_owned(), "not [ a pattern".to_owned()],
        max_objectives,
        breadth: Breadth::Normal,
    };
    let draft = plan(&analysis, &options);
    assert_eq!(plan(&analysis, &options), draft, "the same facts give the same plan");
    let tracked = analysis.files.iter().map(|file| file.path.clone()).collect();
    (draft, tracked)
}

/// Everything that a plan of this planner promises: it survives its file, is proved without
/// an error, and gives no two objectives the same path.
pub(super) fn assert_holds(draft: &Draft, tracked: &[RepoPath]) {
    let reading = read(&to_toml(&draft.plan));
    assert_eq!(reading.plan.as_ref(), Some(&draft.plan), "{:?}", reading.findings);
    let config = Config::default();
    let facts = Facts { config: &config, tracked };
    let proof = prove(&reading, &draft.plan, facts).expect("the matchers agree");
    assert!(proof.valid(), "{:#?}\n{}", proof.findings, to_toml(&draft.plan));
    for (index, scope) in proof.scopes.iter().enumerate() {
        for other in &proof.scopes[index + 1..] {
            for path in tracked {
                let both = scope.owns(&proof.rules, path) && other.owns(&proof.rules, path);
                assert!(!both, "{} and {} both own {path}", scope.id, other.id);
            }
        }
    }
}

fn touches(draft: &Draft) -> Vec<Vec<&str>> {
    draft.plan.objectives.iter().map(|o| o.touch.iter().map(String::as_str).collect()).collect()
}

#[test]
fn whatever_is_asked_the_plan_holds() {
    let requests = [
        "Fix the cart discount",
        "Add a voucher ledger",
        "Refactor discount",
        "Rewrite the cart",
        "Improve `Money` in crates/payment/src/lib.rs",
        "Add discount documentation",
        "hinzufügen: Gutschein",
        "割引を追加",
        "",
        "\u{1b}[31mAdd\u{202e} `x` | y <script>",
        "a/../b ./ // ../x.rs",
        "Add tests for the discount",
    ];
    for request in requests {
        for most in [1, 2, 10] {
            let (draft, tracked) = draft_of(&service(), request, most);
            assert!(!draft.plan.objectives.is_empty() && draft.plan.objectives.len() <= most);
            assert_holds(&draft, &tracked);
            let titles = draft.plan.objectives.iter().map(|o| &o.title);
            assert!(titles.clone().all(|t| !t.chars().any(char::is_control)), "{request}");
        }
    }
}

#[test]
fn an_import_orders_and_is_promised() {
    let (draft, tracked) = draft_of(
        &service(),
        "Improve `Money` in `crates/cart/src/discount.rs` and crates/payment/src/lib.rs",
        10,
    );
    assert_holds(&draft, &tracked);
    let of = |path: &str| {
        let holds = |o: &&crate::domain::plan::Objective| {
            o.touch.iter().any(|p| {
                Pattern::parse(p).expect("valid").matches(&RepoPath::new(path).expect("valid"))
            })
        };
        draft.plan.objectives.iter().find(holds).unwrap_or_else(|| panic!("nobody has {path}"))
    };
    let (cart, payment) = (of("crates/cart/src/discount.rs"), of("crates/payment/src/lib.rs"));
    assert!(cart.depends_on.contains(&payment.id), "{cart:?}");
    assert!(payment.wave < cart.wave);
    assert!(cart.read.contains(&"crates/payment/src/lib.rs".to_owned()), "{:?}", cart.read);
    assert!(
        draft
            .plan
            .contracts
            .iter()
            .any(|c| c.provider == payment.id && c.description.contains("Money"))
    );
    assert_eq!(cart.gates, ["cargo test -p cart"]);
    assert!(cart.touch.contains(&"crates/cart/tests/discount.rs".to_owned()), "{:?}", cart.touch);
}

#[test]
fn what_stays_as_it_is_holds_nobody_up() {
    let request = "Improve `crates/cart/src/discount.rs` and crates/payment/src/lib.rs";
    let (draft, tracked) = draft_of(&service(), request, 10);
    assert_holds(&draft, &tracked);
    let waves: Vec<_> = draft.plan.objectives.iter().map(|o| o.wave).collect();
    assert_eq!(waves, [Some(1), Some(1)], "`Money` is not what is asked for");
    let [contract] = draft.plan.contracts.as_slice() else { panic!("one contract") };
    assert!(contract.description.contains("Money"), "{contract:?}");
    assert_eq!(contract.check.as_deref(), Some("cargo test"));
    let points: Vec<&String> =
        draft.plan.objectives.iter().flat_map(|o| &o.integration_points).collect();
    assert!(points.iter().any(|point| point.starts_with("keeps Money")), "{points:?}");
}

#[test]
fn what_exists_nowhere_gets_a_place_of_its_own() {
    let (draft, tracked) = draft_of(&service(), "Add a voucher ledger", 10);
    assert_holds(&draft, &tracked);
    let [objective] = draft.plan.objectives.as_slice() else { panic!("one objective") };
    assert!(objective.creates);
    assert!(
        objective.touch.iter().any(|p| p.ends_with("voucher_ledger/")),
        "{:?}",
        objective.touch
    );
    assert_eq!(draft.notes.len(), 1);
}

#[test]
fn to_start_over_is_divided_by_modules() {
    let (draft, tracked) = draft_of(&service(), "Rewrite cart discount and payment charge", 10);
    assert_holds(&draft, &tracked);
    assert_eq!(draft.plan.task_type, TaskType::Reset);
    let mut touched = touches(&draft);
    touched.sort();
    assert_eq!(touched, [vec!["crates/cart/"], vec!["crates/payment/"]]);
    // Both manifests are in a scope, so the lock file is made anew.
    assert_eq!(draft.plan.derived.len(), 1);
    assert_eq!(draft.plan.derived[0].paths, ["Cargo.lock"]);
}

#[test]
fn names_with_metacharacters_and_no_encoding_are_planned() {
    let files: Vec<(&[u8], &str)> = vec![
        (b"app/[id]/basket.ts", "export const basket = 1"),
        (b"app/{a,b}/basket.ts", "export const basket = 2"),
        (b"!basket.ts", "export const basket = 3"),
        (b"app/\xff/basket.ts", "export const basket = 4"),
        (b"app/a\nb/basket.ts", "export const basket = 5"),
        (b"a\\basket.ts", "export const basket = 6"),
    ];
    let source = Memory::new(&files);
    let analysis = analyze(&source, "Fix basket", &|_| {}).expect("memory can be read");
    let options = Options {
        id: PlanId::new("20260102-030405", "x").expect("an id"),
        base: "0".repeat(40),
        target: None,
        global_forbid: Vec::new(),
        max_objectives: 10,
        breadth: Breadth::Normal,
    };
    let draft = plan(&analysis, &options);
    let tracked: Vec<RepoPath> = analysis.files.iter().map(|file| file.path.clone()).collect();
    assert_holds(&draft, &tracked);
    assert!(draft.files.len() > 3, "{:?}", draft.plan);
}

#[test]
fn forbidden_and_generated_ground_is_not_planned() {
    let mut files = service();
    files.push(("secrets/discount.rs", "pub fn discount_cart() {}"));
    files.push(("crates/cart/src/discount_gen.rs", "// @generated\npub fn discount() {}"));
    let (draft, tracked) = draft_of(&files, "Fix discount in secrets/discount.rs", 10);
    assert_holds(&draft, &tracked);
    let holds = |patterns: &[String], path: &RepoPath| {
        patterns.iter().any(|p| Pattern::parse(p).expect("valid").matches(path))
    };
    for path in ["secrets/discount.rs", "crates/cart/src/discount_gen.rs"] {
        let path = RepoPath::new(path).expect("valid");
        let mut objectives = draft.plan.objectives.iter();
        let owner = objectives.find(|o| holds(&o.touch, &path) && !holds(&o.forbid, &path));
        assert!(owner.is_none(), "{path} {owner:?}");
    }
}

#[test]
fn circles_of_imports_are_broken_and_told() {
    let mut files: Vec<(String, String)> = [
        ("a/Cargo.toml", "[package]\nname = \"a\"\n[lib]\npath = \"src/basket.rs\""),
        ("a/src/basket.rs", "use b::basket::{BasketB, BasketShelf};\npub struct BasketA;"),
        ("b/Cargo.toml", "[package]\nname = \"b\"\n[lib]\npath = \"src/basket.rs\""),
        (
            "b/src/basket.rs",
            "use a::basket::BasketA;\npub struct BasketB;\npub struct BasketShelf;",
        ),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .into();
    // Together they would be too many for one.
    let more = (1..5).flat_map(|n| ["a", "b"].map(|c| format!("{c}/src/basket_{n}.rs")));
    files.extend(more.map(|path| (path, "pub struct Basket;\n".repeat(3))));
    files.extend((0..30).map(|n| (format!("c/other{n}.rs"), "fn x() {}".to_owned())));
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (draft, tracked) = draft_of(&files, "Fix basket", 10);
    assert_holds(&draft, &tracked);
    assert_eq!(draft.plan.objectives.len(), 2, "{:?}", touches(&draft));
    assert_eq!(draft.notes.len(), 1, "{:?}", draft.notes);
    assert_eq!(touches(&draft)[0], ["b/src/"], "a uses more of b than b of a");
}

#[test]
fn who_uses_a_name_changes_with_it() {
    let (draft, tracked) = draft_of(&service(), "Rename `Money` to Amount", 10);
    assert_holds(&draft, &tracked);
    let [objective] = draft.plan.objectives.as_slice() else { panic!("one objective") };
    for path in
        ["crates/cart/src/total.rs", "crates/cart/src/discount.rs", "crates/payment/src/money.rs"]
    {
        assert!(
            objective.touch.contains(&path.to_owned()),
            "{path} is not in {:?}",
            objective.touch
        );
    }
}

#[test]
fn an_empty_repository_gets_a_plan() {
    let (draft, tracked) = draft_of(&[], "Add a parser", 10);
    assert_holds(&draft, &tracked);
    assert!(draft.plan.objectives[0].creates);
}
