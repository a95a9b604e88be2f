//! Which model is meant, asked of servers that are not ready or not there.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::BASE;
use crate::live::{ModelServer, ServerError};
use crate::{model_server, quirks};
use gateway_sim::script::Script;

/// A server with one model and a habit. Its address without the version.
async fn serve(quirk: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let root = format!("http://{}", listener.local_addr().expect("an address"));
    let script = Script::from_toml(&BASE.replace("[models.\"sim/premium\"]\n", "")).expect("a script");
    let script = quirks::find(quirk).map(|quirk| script.clone().with_quirk(quirk.name)).unwrap_or(script);
    tokio::spawn(model_server::serve(listener, script, 7, 0.0));
    root
}

async fn only_model(base: &str) -> (Result<String, ServerError>, Vec<String>, Option<String>) {
    let notes = Mutex::new(Vec::new());
    let server = ModelServer::new(base, None).expect("an address");
    let model = server.only_model(|note| notes.lock().expect("one at a time").push(note.to_owned())).await;
    (model, notes.into_inner().expect("one at a time"), server.corrected_address())
}

/// A server that answers everything with this document. Its base address.
async fn serve_list(list: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", list.len());
            // Whoever has read enough goes away.
            let _ = stream.write_all(format!("{head}{list}").as_bytes()).await;
        }
    });
    base
}

#[tokio::test(start_paused = true)]
async fn a_list_of_many_models_is_read_to_its_end() {
    let list = |description: usize| {
        serve_list(format!(r#"{{"data":[{{"id":"only","description":"{}"}}]}}"#, "x".repeat(description)))
    };
    let (model, _, _) = only_model(&list(1 << 20).await).await;
    assert_eq!(model.expect("a model"), "only");
    let (model, _, _) = only_model(&list(9 << 20).await).await;
    let error = model.expect_err("nobody reads that much");
    assert!(matches!(error, ServerError::LongList { most_mib: 8, .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_loads_its_model_is_waited_for() {
    let root = serve("model_loads").await;
    let began = Instant::now();
    let (model, notes, _) = only_model(&format!("{root}/v1")).await;
    assert_eq!(model.expect("a model"), "standard");
    assert!(began.elapsed().as_secs() >= 30, "{:?}", began.elapsed());
    assert!(notes.len() == 1 && notes[0].contains("Loading model"), "{notes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_version_is_found_where_the_address_has_none() {
    let root = serve("").await;
    let (model, _, corrected) = only_model(&root).await;
    assert_eq!((model.expect("a model"), corrected), ("standard".to_owned(), Some(format!("{root}/v1"))));
    let (model, _, corrected) = only_model(&format!("{root}/v1/chat/completions")).await;
    assert_eq!((model.expect("a model"), corrected), ("standard".to_owned(), None));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_model_server_is_a_wrong_address_and_no_want_of_a_model() {
    for quirk in ["no_such_path", "page_in_200"] {
        let root = serve(quirk).await;
        for base in [root.clone(), format!("{root}/v1"), format!("{root}/other")] {
            let (model, _, corrected) = only_model(&base).await;
            let error = model.expect_err(quirk);
            assert!(matches!(error, ServerError::Path { .. }) && error.to_string().contains("/v1"), "{base}: {error}");
            assert_eq!(corrected, None, "{base}");
        }
    }
}
