import Foundation
import GRDB
@testable import Runs
import XCTest

final class StoreTests: XCTestCase {
    private func json(_ record: RunRecord) throws -> String { String(decoding: try RecordFile.encoder.encode(record), as: UTF8.self) }

    private func problem(_ body: () throws -> Void) -> StoreProblem? {
        do { try body() } catch { return error as? StoreProblem }
        return nil
    }

    func testAllOfARecordComesBack() throws {
        var record = Samples.run(parameters: [NamedValue("lr", .double(0.1)), NamedValue("layers", .list([.int(3), .none])), NamedValue("odd", .text("a \"b\"\n"))])
        record.files = [SourceText(name: "other.bcl", bytes: Array("def f() { }\n".utf8))]
        (record.log, record.error, record.checkpoint, record.sweep) = ("one\ntwo é\n", "error", "/c.ckpt", "s1")
        record.artefacts = [SavedFile(path: "/a.png", bytes: 12)]
        record.learners.append(Samples.learner("single", seed: 4, acc: 0.25, losses: [], name: "other"))
        let store = try Samples.store()
        let number = try store.save(record)
        XCTAssertEqual(try json(try store.record(number)), try json(record))
        let rows = try store.rows().rows
        XCTAssertEqual(rows.map(\.learner), ["me", "other"])
        XCTAssertEqual(rows.map(\.seed), [1, 4])
        XCTAssertEqual(rows[0].metrics["acc"], 0.8)
        XCTAssertEqual(try XCTUnwrap(rows[0].metrics["fm"]), 0.5 - 0.8, accuracy: 1e-12)
    }

    func testSavingAgainReplaces() throws {
        let store = try Samples.store()
        var record = Samples.run(state: .running)
        let number = try store.save(record)
        (record.state, record.updated) = (.done, record.updated + 5)
        XCTAssertEqual(try store.save(record), number)
        var late = record
        (late.state, late.updated) = (.running, record.updated - 1)
        XCTAssertEqual(try store.save(late), number, "what was written earlier does not take the place of the later")
        XCTAssertEqual(try store.rows().rows.map(\.state), [.done])
        XCTAssertEqual(try store.count(), 1)
        XCTAssertEqual(try store.save(Samples.run()), number + 1)
    }

    func testDeletingLeavesNothingBehind() throws {
        let store = try Samples.store()
        let shared = try store.save(Samples.run(parameters: [NamedValue("lr", .double(1))], script: "print 2\n"))
        let kept = try store.save(Samples.run(script: "print 2\n"))
        let own = try store.save(Samples.run(script: "print 3\n"))
        try store.delete([shared, own])
        let counts = try store.read { database in
            try ["run", "result", "result_detail", "run_detail", "process", "parameter", "text"].map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") ?? -1 }
        }
        XCTAssertEqual(counts, [1, 1, 1, 1, 1, 1, 1], "one run, its learner with one parameter, and its script")
        XCTAssertEqual(try store.record(kept).script.text, "print 2\n")
        XCTAssertGreaterThan(try store.save(Samples.run()), own, "a number means one run for ever")
    }

    func testARunWhoseProcessIsGoneIsLost() throws {
        let store = try Samples.store()
        let own = ProcessIdentity.own
        func run(_ process: ProcessIdentity) throws -> RunState {
            var record = Samples.run(state: .running)
            record.process = process
            // The host is the machine's.
            record.machine.host = process.host
            return try XCTUnwrap(try store.rows(RunFilter(runs: [try store.save(record)])).rows.first).state
        }
        XCTAssertEqual(try run(own), .running)
        XCTAssertEqual(try run(ProcessIdentity(host: own.host, place: own.place, number: own.number, started: own.started - 1)), .lost, "the number belongs to another process now")
        XCTAssertEqual(try run(ProcessIdentity(host: own.host, place: own.place, number: 1 << 30, started: 1)), .lost)
        XCTAssertEqual(try run(ProcessIdentity(host: own.host, place: "another-start pid:[1]", number: own.number, started: 1)), .lost, "the machine was started anew")
        XCTAssertEqual(try run(ProcessIdentity(host: "elsewhere", place: "x", number: 1, started: 1)), .running, "another machine's processes are not known")
        XCTAssertEqual(try store.rows(try RunFilter("state=lost")).count, 3)
        XCTAssertEqual(try store.rows(try RunFilter("state=running")).count, 2)
    }

    func testOtherFilesAreNotTaken() throws {
        let folder = try Samples.folder()
        try Data("hello, this is some text that is no database".utf8).write(to: URL(fileURLWithPath: folder + "/text.db"))
        XCTAssertEqual(problem { _ = try RunStore(folder + "/text.db", isForWriting: true) }?.kind, .damaged)
        let other = try DatabaseQueue(path: folder + "/other.db")
        try other.write { try $0.execute(sql: "CREATE TABLE t (x)") }
        XCTAssertEqual(problem { _ = try RunStore(folder + "/other.db", isForWriting: true) }?.message, "'\(folder)/other.db' is an SQLite database, but no run store")
        XCTAssertEqual(problem { _ = try RunStore(folder + "/none.db", isForWriting: false) }?.kind, .question)
        XCTAssertFalse(FileManager.default.fileExists(atPath: folder + "/none.db"))
        let path = folder + "/newer.db"
        _ = try RunStore(path, isForWriting: true)
        try DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA user_version = 99") }
        XCTAssertEqual(problem { _ = try RunStore(path, isForWriting: true) }?.kind, .newer)
    }

    func testDamagedPagesAreTold() throws {
        let path = try Samples.folder() + "/runs.db"
        do {
            let store = try RunStore(path, isForWriting: true)
            for _ in 0..<20 { try store.save(Samples.run(script: String(repeating: "print 1\n", count: 500))) }
        }
        let file = try XCTUnwrap(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: 4096)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 60_000))
        try file.close()
        XCTAssertEqual(problem { _ = try RunStore(path, isForWriting: false).rows() }?.kind, .damaged)
    }

    func testRecordFilesMergeOnce() throws {
        let folder = try Samples.folder()
        let record = Samples.run()
        try RecordFile.write(record, to: folder + "/a.json")
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/b.json"))
        let store = try Samples.store()
        var problems: [StoreProblem] = []
        let first = try RunMerger(store).merge(folder) { problems.append($0) }
        XCTAssertEqual([first.new, first.known], [1, 0])
        XCTAssertEqual(problems.map(\.message), ["'\(folder)/b.json' is no record of a run"])
        let second = try RunMerger(store).merge(folder + "/a.json") { _ in }
        XCTAssertEqual([second.new, second.known], [0, 1])
        XCTAssertEqual(try json(try store.record(1)), try json(record))
        let other = try Samples.store()
        let third = try RunMerger(other).merge(store.path) { _ in }
        XCTAssertEqual([third.new, third.known], [1, 0])
        XCTAssertEqual(try json(try other.record(1)), try json(record))
    }

    func testBrokenRecordFilesAreRefused() throws {
        let folder = try Samples.folder()
        let whole = try json(Samples.run())
        func read(_ text: String) throws -> StoreProblem? {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/r.json"))
            return problem { _ = try RecordFile.read(folder + "/r.json") }
        }
        XCTAssertNil(try read(whole))
        XCTAssertEqual(try read(whole.replacing("\"format\":1", with: "\"format\":2"))?.kind, .newer)
        XCTAssertEqual(try read(String(whole.prefix(200)))?.kind, .damaged)
        XCTAssertEqual(try read(whole.replacing("\"tasks\":2", with: "\"tasks\":3"))?.kind, .damaged)
        XCTAssertEqual(try read(whole.replacing("\"count\":2", with: "\"count\":200000000000"))?.kind, .damaged)
    }

    func testFoldersOfNetworkFileSystems() {
        let mounts = "/dev/sda / ext4 rw 0 0\nserver:/home /home nfs4 rw 0 0\n/dev/sdb /home/me/my\\040disk ext4 rw 0 0\n"
        XCTAssertTrue(SharedFolder.holds(folder: "/home/me", mounts: mounts))
        XCTAssertTrue(SharedFolder.holds(folder: "/home", mounts: mounts))
        XCTAssertFalse(SharedFolder.holds(folder: "/home/me/my disk/x", mounts: mounts))
        XCTAssertFalse(SharedFolder.holds(folder: "/homely", mounts: mounts))
        XCTAssertFalse(SharedFolder.holds(folder: "/", mounts: ""))
        XCTAssertTrue(SharedFolder.holds("/x/runs.db", ["BCL_STORE_SHARED": "1"]))
    }

    func testPlaceOfTheStore() {
        XCTAssertEqual(StorePlace.path(nil, ["HOME": "/h"]), "/h/.local/share/bclsh/runs.db")
        XCTAssertEqual(StorePlace.path(nil, ["HOME": "/h", "XDG_DATA_HOME": "/d"]), "/d/bclsh/runs.db")
        XCTAssertEqual(StorePlace.path(nil, ["HOME": "/h", "BCL_STORE": "x.db"]), "x.db")
        XCTAssertNil(StorePlace.path(nil, ["HOME": "/h", "BCL_STORE": "none"]))
        XCTAssertEqual(StorePlace.path("y.db", ["BCL_STORE": "none"]), "y.db")
    }
}
