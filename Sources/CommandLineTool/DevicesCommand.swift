import ArgumentParser
import Foundation
import PoseStream

/// `posestream devices`: cameras and screens that can be named as an input.
struct DevicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "List the cameras and screens of this machine.",
        discussion: """
            The first column is what run takes as INPUT.

            Examples:
              posestream devices
              posestream devices --json | jq -r '.[0].input'
              posestream run v4l2:/dev/video0 --device-size 1280x720 --device-rate 30 --device-format mjpeg
            """)

    @Flag(help: "A JSON array instead of lines.")
    var json = false

    func run() throws {
        let found = InputDevices.all()
        if json { return print(try InputDevices.json(found)) }
        if found.isEmpty {
            return print("no camera and no display found (a camera is /dev/video0 and the like; lavfi:testsrc generates pictures without one)")
        }
        print(TextColumns.text([["INPUT", "NAME", "OFFERS"]] + found.map { [$0.input, $0.name, $0.offers.joined(separator: ", ")] }))
    }
}
