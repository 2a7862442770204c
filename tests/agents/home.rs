//! A home for agents in which they find the model of these tests and nothing else.

use std::path::Path;

/// Writes what each agent reads in its home. `repo` is a project that it trusts, `port` is the
/// model's.
pub fn furnish(home: &Path, repo: &Path, port: u16) {
    let url = format!("http://127.0.0.1:{port}");
    let codex = format!(
        "model = \"model\"\nmodel_provider = \"local\"\napproval_policy = \"never\"\n\
         check_for_update_on_startup = false\nweb_search = \"disabled\"\n\
         [model_providers.local]\nname = \"local\"\nbase_url = \"{url}/v1\"\n\
         wire_api = \"responses\"\nrequires_openai_auth = false\nsupports_websockets = false\n\
         request_max_retries = 0\nstream_max_retries = 0\n\
         [analytics]\nenabled = false\n[otel]\nexporter = \"none\"\n\
         [projects.\"{}\"]\ntrust_level = \"trusted\"\n",
        repo.display()
    );
    let gemini = serde_json::json!({
        "security": { "auth": { "selectedType": "gemini-api-key" },
            "folderTrust": { "enabled": false } },
        "general": { "enableAutoUpdate": false, "enableAutoUpdateNotification": false },
        "privacy": { "usageStatisticsEnabled": false },
        "telemetry": { "enabled": false },
        "model": { "name": "gemini-2.5-flash" },
    });
    let opencode = serde_json::json!({
        "autoupdate": false, "share": "disabled",
        "model": "local/model", "small_model": "local/model", "enabled_providers": ["local"],
        "provider": { "local": { "npm": "@ai-sdk/openai-compatible", "name": "local",
            "options": { "baseURL": format!("{url}/v1"), "apiKey": "none" },
            "models": { "model": { "name": "model", "tool_call": true,
                "limit": { "context": 100_000, "output": 8_000 } } } } },
        "permission": { "edit": "allow", "bash": "allow", "webfetch": "deny" },
    });
    for (file, text) in [
        (".codex/config.toml", codex),
        (".gemini/settings.json", gemini.to_string()),
        (".config/opencode/opencode.json", opencode.to_string()),
    ] {
        let file = home.join(file);
        std::fs::create_dir_all(file.parent().expect("below the home")).expect("writable");
        std::fs::write(file, text).expect("writable");
    }
}
