import Dispatch
import Synchronization

/// Spreads items over workers, each of which serves one thread at a time. Results come in the items' order and do not
/// depend on the number of workers.
///
/// - Parameter work: must touch nothing but its worker, its item, and what nobody changes meanwhile.
func spread<Worker, Item: Sendable, Value: Sendable>(
    _ items: [Item], over workers: [Worker], _ work: @Sendable (Worker, Item) throws -> Value
) throws -> [Value] {
    let hands = min(workers.count, items.count)
    guard hands > 1 else { return try items.map { try work(workers[0], $0) } }
    var results = [Result<Value, any Error>?](repeating: nil, count: items.count)
    results.withUnsafeMutableBufferPointer { results in
        // Safe although not Sendable: each worker is used by one iteration, each place of `results` is written by the
        // iteration that drew its number, and all end before concurrentPerform returns.
        nonisolated(unsafe) let workers = workers
        nonisolated(unsafe) let slots = UnsafeMutableBufferPointer(rebasing: results[...])
        let next = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: hands) { hand in
            while true {
                let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard place < slots.count else { return }
                slots[place] = Result { try work(workers[hand], items[place]) }
            }
        }
    }
    return try results.compactMap { try $0?.get() }
}
