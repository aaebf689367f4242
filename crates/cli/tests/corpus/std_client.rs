//! Asks for a page with the standard library's stream, in as many threads as the first argument says, and tells the kind of error.

use std::io::{ErrorKind, Read as _, Result, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;
use std::thread;

fn ask() -> Result<()> {
    let mut stream = TcpStream::connect("shop.test:80")?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    match stream.read_to_end(&mut Vec::new())? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn main() -> ExitCode {
    let threads = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1);
    let asking: Vec<_> = (0..threads).map(|_| thread::spawn(ask)).collect();
    let mut failed = 0;
    for one in asking {
        if let Err(error) = one.join().expect("the thread does not panic") {
            eprintln!("{:?}", error.kind());
            failed += 1;
        }
    }
    ExitCode::from(failed)
}
