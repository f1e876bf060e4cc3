import BCLScript
import Interpreter
import Workbench
import XCTest

/// Every method of the standard library against finite differences in float64 on a tiny network: no derivative of libtorch's takes part in what a step is compared with.
final class MethodGradientTests: XCTestCase {
    private func run(_ program: String) -> [String] { Project.run(program) }

    /// Methods whose minibatch is one step down the gradient of an objective: that which the method's file states. Draws take all samples, so that they are known.
    private static let steps: [(make: String, prepare: String, objective: String)] = {
        let rate = "lr=0.01"
        let past = "let (px, py) = me.replay_memory.samples(0)"
        let all = "let all = me.replay_memory.all"
        let current = "cross_entropy(f(x2, 1), y2)"
        let pull = "((net.weights.vector - anchor).square() * importance).sum()"
        return [
            ("single(net, bench, \(rate))", "", current),
            ("er(net, bench, \(rate), memory=30, replay=99)", past, "\(current) + cross_entropy(f(px, 0), py)"),
            ("bcl_single(net, bench, \(rate), memory=30, replay=99, beta=1, inner_steps=1, strength=3)",
             "\(past)\nlet p = me.replay_memory.draw(99, tasks=1)", "\(current) + cross_entropy(f(px, 0), py) + 3 * kl(f(p.x, p.t), p.targets, 5)"),
            ("ewc(net, bench, \(rate), strength=7)", "let importance = me.fishers[0]\nlet anchor = me.anchors[0]", "\(current) + 7 * \(pull)"),
            ("ewc_online(net, bench, \(rate), strength=7)", "let importance = me.importance\nlet anchor = me.anchor", "\(current) + 7 * \(pull)"),
            ("ewc_online(net, bench, \(rate), strength=7, variant=\"running\", interval=2)", "let importance = me.importance\nlet anchor = me.anchor", "\(current) + 7 * \(pull)"),
            ("si(net, bench, \(rate), strength=7000)", "let importance = me.importance\nlet anchor = me.anchor", "\(current) + 7000 * \(pull)"),
            ("mas(net, bench, \(rate), strength=7)", "let importance = me.importance\nlet anchor = me.anchor", "\(current) + 7 * \(pull)"),
            ("rwalk(net, bench, \(rate), strength=7)", "let importance = me.importance\nlet anchor = me.anchor", "\(current) + 7 * \(pull)"),
            ("lwf(net, bench, \(rate), strength=2)", "let targets = softmax(me.f_old(x2, 0), 2)", "\(current) + 2 * 10 * kl(f(x2, 1), targets, 2)"),
            ("der(net, bench, \(rate), alpha=0.7, memory=99, replay=99)", all, "\(current) + 0.7 * mse(f(all.x, all.t), all.targets)"),
            ("der_pp(net, bench, \(rate), alpha=0.7, beta=0.4, memory=99, replay=99)", all,
             "\(current) + 0.7 * mse(f(all.x, all.t), all.targets) + 0.4 * cross_entropy(f(all.x, all.t), all.y)"),
            ("mir(net, bench, \(rate), memory=99, candidates=99, replay=99)", "let p = me.replay_memory.draw(99, tasks=1)", "\(current) + cross_entropy(f(p.x, p.t), p.y)"),
            ("icarl(net, bench, \(rate), memory=10, strength=2)", "let e = me.exemplars",
             "\(current) + 2 * kl(f(stack([v.x[0] for v in e]), 0), softmax(stack([v.out[0] for v in e])), 1) * len(e)"),
        ]
    }()

    /// Methods of several steps, or of steps that are no gradient: what `reference` does to `twin`, a learner like `me`, with slopes taken numerically, is what `action` does to `me`.
    private static let updates: [(make: String, reference: String, action: String)] = {
        let minibatch = "observe me on (x2, y2, 1)"
        let conflict = "let (x2, y2) = (px, (py + 5) % 10)\nobserve me on (x2, y2, 1)"
        let memory = "let m = twin.replay_memory"
        let inner = "cross_entropy(f(bx, 1), by) + (if past then cross_entropy(f(past.x, past.t), past.y) + 3 * kl(f(past.x, past.t), past.targets, 5) else 0)"
        func dual(_ variant: String) -> String {
            let isFaithful = variant == "faithful"
            return """
                let (m, e) = (twin.replay_memory, twin.evaluation_memory)
                let (bx, by) = e.exchange(x2, y2, task=1)
                m.store(bx, by, task=1)
                let (last, last_replay) = (twin.last_evaluation, twin.last_replay)
                repeat 2 {
                  let before = net.weights.snapshot()
                  let sum = 0
                  repeat 2 {
                    let past = m.draw(8, tasks=1, \(isFaithful ? "removing=last" : "avoiding=last_replay"))
                    last_replay = past
                    sum = \(isFaithful ? "sum + " : "")slope(() => \(inner))
                    net.weights.add(sum, scale=-0.05)
                  }
                  last = e.draw(8, tasks=2)
                  sum = \(isFaithful ? "sum + " : "")slope(() => cross_entropy(f(last.x, last.t), last.y))
                  net.weights.add(sum, scale=-0.05)
                  net.weights.interpolate(before, 0.3)
                }
                """
        }
        func lookAhead(secondOrder: Bool) -> String {
            """
            let m = twin.replay_memory
            let rates = twin.rates
            for glance in 0..2 {
              let order = permutation(6)
              let pieces = [order[j * 2:(j + 1) * 2] for j in 0..3]
              let past = m.draw(4, tasks=1)
              let (mx, my, mt) = (cat([x2, past.x]), cat([y2, past.y]), [1] * 6 + past.t)
              let start = net.weights.vector
              # What the inner steps walk along, at the start: constants of first order.
              let fixed = []
              def look(a) {
                let here = net.weights.vector
                let sum = 0.0
                for (j, rows) in enumerate(pieces) {
                  let g = if \(secondOrder) or len(fixed) <= j then grad(cross_entropy(f(x2[rows], 1), y2[rows]), net) else fixed[j]
                  if len(fixed) <= j { fixed.append(g) }
                  net.weights.add(\(secondOrder ? "a" : "a.relu()") * g, scale=-1)
                  sum = sum + cross_entropy(f(mx, mt), my).item()
                }
                net.weights.set(here)
                return sum / len(pieces)
              }
              look(rates)
              let for_weights = slope(() => look(rates))
              let for_rates = derivative(look, rates)
              def clipped(g) { return if g.norm().item() > 0.5 then g * (0.5 / g.norm().item()) else g }
              rates = rates - 0.25 * clipped(for_rates)
              net.weights.set(start - rates.relu() * clipped(for_weights))
              if glance == 0 { m.store(x2, y2, task=1) }
            }
            assert (rates - twin.rates).norm().item() > 0.01
            """
        }
        return [
            // One violated constraint: the dual variable is known in closed form.
            ("gem(net, bench, lr=0.05, memory=20, strength=0.001)", """
                let (g, r) = (slope(() => cross_entropy(f(px, 1), (py + 5) % 10)), slope(() => cross_entropy(f(px, 0), py)))
                let v = -(g.dot(r) / (r.dot(r) + 0.001)).item()
                assert v > 0.001
                net.weights.add(g + v * r, scale=-0.05)
                """, conflict),
            ("agem(net, bench, lr=0.05, memory=20, replay=99)", """
                let (g, r) = (slope(() => cross_entropy(f(px, 1), (py + 5) % 10)), slope(() => cross_entropy(f(px, 0), py)))
                assert g.dot(r).item() < 0
                net.weights.add(g - r * (g.dot(r) / r.dot(r)), scale=-0.05)
                """, conflict),
            ("bcl_single(net, bench, lr=0.05, beta=0.3, inner_steps=3, memory=15, replay=8, strength=3)", """
                \(memory)
                m.store(x2, y2, task=1)
                let (bx, by) = (x2, y2)
                let before = net.weights.snapshot()
                repeat 3 {
                  let past = m.draw(8, tasks=1)
                  descend(() => \(inner))
                }
                net.weights.interpolate(before, 0.3)
                """, minibatch),
            ("bcl_dual(net, bench, lr=0.05, beta=0.3, inner_steps=2, n_meta=2, memory=15, replay=8, strength=3)", dual("faithful"), minibatch),
            ("bcl_dual(net, bench, lr=0.05, beta=0.3, inner_steps=2, n_meta=2, memory=15, replay=8, strength=3, variant=\"fixed\")", dual("fixed"), minibatch),
            ("ctn(net, bench, lr=0.05, beta=0.5, inner_steps=2, n_meta=2, memory=15, replay=8, strength=3, embedding=2)", """
                let (m, s) = (twin.replay_memory, twin.semantic_memory)
                let (bx, by) = s.exchange(x2, y2, task=1)
                m.store(bx, by, task=1)
                let is_base = tensor([i < mlp(64, 3, 10).parameters for i in 0..net.parameters]).double()
                repeat 2 {
                  repeat 2 {
                    let past = m.draw(8, tasks=1)
                    net.weights.add(slope(() => \(inner)) * is_base, scale=-0.05)
                  }
                  let all = s.draw(99, tasks=2)
                  net.weights.add(slope(() => cross_entropy(f(all.x, all.t), all.y) / 2).clamp(-1, 1) * (1 - is_base), scale=-0.5)
                }
                """, minibatch),
            ("ftml(net, bench, lr=0.05, beta=0.3, inner_steps=2, n_meta=2, memory=30)", """
                \(memory)
                m.store(x2, y2, task=1)
                def reptile(x, y, t) {
                  let before = net.weights.snapshot()
                  repeat 2 { descend(() => cross_entropy(f(x, t), y)) }
                  net.weights.interpolate(before, 0.3)
                }
                reptile(x2, y2, 1)
                repeat 2 {
                  let k = m.draw_task(2)
                  let (mx, my) = m.samples(k)
                  reptile(mx, my, k)
                }
                """, minibatch),
            ("mer(net, bench, lr=0.05, beta=0.3, gamma=0.7, batches=2, memory=8, replay=2)", """
                \(memory)
                for n in 0..2 {
                  let across = net.weights.snapshot()
                  repeat 2 {
                    let within = net.weights.snapshot()
                    descend(() => cross_entropy(f(x2[n:n + 1], 1), y2[n:n + 1]))
                    let past = m.draw(2)
                    for i in 0..2 { descend(() => cross_entropy(f(past.x[i:i + 1], past.t[i]), past.y[i:i + 1])) }
                    net.weights.interpolate(within, 0.3)
                  }
                  net.weights.interpolate(across, 0.7)
                  m.store(x2[n:n + 1], y2[n:n + 1], task=1)
                }
                """, "observe me on (x2[:2], y2[:2], 1)"),
            ("mir(net, bench, lr=0.05, memory=99, candidates=12, replay=4)", """
                let past = twin.replay_memory.draw(12, tasks=1)
                let before = net.weights.snapshot()
                let now = cross_entropy(f(past.x, past.t), past.y, each=true)
                descend(() => cross_entropy(f(x2, 1), y2))
                let after = cross_entropy(f(past.x, past.t), past.y, each=true)
                net.weights.restore(before)
                let worst = past.pick((after - now).argsort(descending=true)[:4])
                descend(() => cross_entropy(f(x2, 1), y2) + cross_entropy(f(worst.x, worst.t), worst.y))
                """, minibatch),
            ("la_maml(net, bench, rate=0.125, lr_rates=0.25, memory=20, replay=4, piece=2, glances=2, clip=0.5, past_only=true)", lookAhead(secondOrder: false), minibatch),
            ("la_maml(net, bench, rate=0.125, lr_rates=0.25, memory=20, replay=4, piece=2, glances=2, clip=0.5, past_only=true, second_order=true)", lookAhead(secondOrder: true), minibatch),
            // Many rates are below zero here.
            ("la_maml(net, bench, rate=0.001, lr_rates=0.25, memory=20, replay=4, piece=2, glances=2, clip=0.5, past_only=true)", lookAhead(secondOrder: false), minibatch),
            ("la_maml(net, bench, rate=0.001, lr_rates=0.25, memory=20, replay=4, piece=2, glances=2, clip=0.5, past_only=true, second_order=true)", lookAhead(secondOrder: true), minibatch),
            ("offline(net, bench, lr=0.05, epochs=1, batch=16)", """
                net.weights.restore(twin.start)
                let last = [bench[1].minibatch(0, 10), bench[1].minibatch(10, 10)]
                let (xs, ys, ts) = (cat(twin.xs + [b[0] for b in last]), cat(twin.ys + [b[1] for b in last]), twin.ts + [1] * 20)
                let order = permutation(46)
                for i in 0..3 {
                  let rows = order[i * 16:(i + 1) * 16]
                  descend(() => cross_entropy(f(xs[rows], [ts[j] for j in rows.list()]), ys[rows]))
                }
                """, "train me on bench[1]"),
            ("independent(net, bench, lr=0.05)", """
                net = twin.nets[1]
                f = twin.fs[1]
                descend(() => cross_entropy(f(x2, 1), y2))
                """, minibatch),
            ("multimodal(net, bench, lr=0.05)", "descend(() => cross_entropy(f(x2, 1), y2))", minibatch),
        ]
    }()

    func testEveryMethodIsChecked() {
        let checked = (Self.steps.map(\.make) + Self.updates.map(\.make)).compactMap { $0.split(separator: "(").first.map(String.init) }
        XCTAssertEqual(Set(checked), Set(Project.library.files.keys))
    }

    func testStepsAreGradientsOfTheObjectives() {
        for test in Self.steps {
            let lines = run("""
                let bench = permuted(digits(), tasks=2, per_task=20, seed=1)
                seed 3
                let net = mlp(64, 5, 10).double()
                let me = \(test.make)
                let f = me.f
                train me on bench[0]
                let (x, y) = bench[1].minibatch(0, 6)
                observe me on (x, y, 1)
                let (x2, y2) = bench[1].minibatch(6, 6)
                \(test.prepare)
                let before = net.weights.snapshot()
                let start = net.weights.vector
                observe me on (x2, y2, 1)
                let g = (start - net.weights.vector) / 0.01
                def slope(objective, d) {
                  net.weights.restore(before)
                  net.weights.add(d, scale=0.00001)
                  let above = objective().item()
                  net.weights.add(d, scale=-0.00002)
                  return (above - objective().item()) / 0.00002
                }
                let plain = true
                repeat 4 {
                  let d = permutation(net.parameters).double() / net.parameters - 0.5
                  let wanted = slope(() => \(test.objective), d)
                  if abs(wanted - g.dot(d).item()) > 0.000001 * (1 + abs(wanted)) { print "differs", wanted, g.dot(d).item() }
                  if abs(slope(() => cross_entropy(f(x2, 1), y2), d) - wanted) > 0.0001 { plain = false }
                }
                print plain
                """)
            // What a method adds to the plain loss is large enough to be seen.
            XCTAssertEqual(lines, [test.make.hasPrefix("single(") ? "true" : "false"], test.make)
        }
    }

    func testUpdatesFollowNumericalSlopes() {
        for test in Self.updates {
            let lines = run("""
                let bench = permuted(digits(), tasks=2, per_task=20, seed=1)
                def made() {
                  seed 3
                  let net = mlp(64, 3, 10)\(test.make.hasPrefix("ctn(") ? "\n  net = film(net, tasks=2, embedding=2)" : "")
                  net = net.double()
                  let me = \(test.make)
                  train me on bench[0] epochs=\(test.make.hasPrefix("gem(") || test.make.hasPrefix("agem(") ? 40 : 1)
                  let (x, y) = bench[1].minibatch(0, 6)
                  observe me on (x, y, 1)
                  return me
                }
                # All weights, also those that are not in the network now.
                def state(me) { return \(test.make.hasPrefix("independent(") ? "cat([n.weights.vector for n in me.nets])" : "cat([me.net.weights.vector]\(test.make.hasPrefix("multimodal(") ? " + me.layers[:1]" : ""))") }

                let (me, twin) = (made(), made())
                let (net, f) = (twin.net, twin.f\(test.make.hasPrefix("independent(") ? "s[0]" : ""))
                def derivative(function, at) {
                  let found = zeros(len(at)).double()
                  for i in 0..len(at) {
                    let d = zeros(len(at)).double()
                    d[i] = 0.00001
                    found[i] = (float(function(at + d)) - float(function(at - d))) / 0.00002
                  }
                  return found
                }
                def slope(loss) {
                  let here = net.weights.vector
                  def at(w) {
                    net.weights.set(w)
                    return loss()
                  }
                  let found = derivative(at, here)
                  net.weights.set(here)
                  return found
                }
                def descend(loss) { net.weights.add(slope(loss), scale=-0.05) }

                let (px, py) = bench[0].minibatch(0, 20)
                let (x2, y2) = bench[1].minibatch(6, 6)
                let start = state(twin)
                seed 7
                if true {
                \(test.reference)
                }
                seed 7
                if true {
                \(test.action)
                }
                let (moved, error) = ((state(me) - start).norm().item(), (state(me) - state(twin)).norm().item())
                print moved > 0.001, error < 0.000001 * moved, if error < 0.000001 * moved then "" else error / moved
                """)
            XCTAssertEqual(lines, ["true true "], test.make)
        }
    }
}
