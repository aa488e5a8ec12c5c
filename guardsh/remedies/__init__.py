"""What lets one go back after the wrong answer: moving aside, snapshots, hard links, a server held still."""
