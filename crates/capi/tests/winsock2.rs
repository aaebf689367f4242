//! What only Winsock 2 has, from C: lists of buffers, sockets with more to say, polling, WSAIoctl, the catalogue. The program talks
//! with itself over the loopback, so it is the same on every network.

mod support;

use support::{Program, System, compilers, root};

#[test]
fn a_program_of_winsock_2_gets_what_its_document_says_on_every_network() {
    let lab = format!("lab:{}", root().join("scenarios/web.toml").display());
    for compiler in compilers() {
        let built = Program::new(compiler, System::Winsock2).flags(&["-std=c11"]).file("winsock2.c").build();
        for network in ["kernel", lab.as_str()] {
            built.run(network, &[]).expect_success();
        }
    }
}
