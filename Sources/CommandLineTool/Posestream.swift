import ArgumentParser
@main struct Posestream: ParsableCommand {}
