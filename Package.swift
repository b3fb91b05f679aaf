// swift-tools-version:6.0
import PackageDescription

// The folders are the pipeline, in the order in which a frame walks through it.
// A target may import only what stands above it in this list (docs/architecture.md).

let package = Package(
    name: "posestream",
    products: [
        .executable(name: "posestream", targets: ["CommandLineTool"]),
        .library(name: "PoseStream", targets: ["PoseStream", "Evaluation", "Interchange"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C doors.
        .systemLibrary(
            name: "CFFmpeg",
            pkgConfig: "libavdevice libavformat libavcodec libswscale libswresample libavutil",
            providers: [.apt([
                "libavdevice-dev", "libavformat-dev", "libavcodec-dev", "libswscale-dev", "libswresample-dev", "libavutil-dev",
            ])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
        .target(name: "CShims", dependencies: ["CFFmpeg", "CJPEG"]),

        // The weights that the program carries.
        .target(name: "CEmbedded", exclude: ["weights"], cSettings: [.headerSearchPath("weights")]),

        // The engine room: plain arithmetic on pointers, knows nothing above it.
        .target(name: "CKernels"),

        // What all later rooms speak.
        .target(name: "Diagnostics"),
        .target(name: "Geometry"),
        .target(name: "Pose", dependencies: ["Geometry"]),

        // Files from elsewhere; the only room that opens a connection for them.
        .target(name: "Downloads", dependencies: ["Diagnostics", .product(name: "Crypto", package: "swift-crypto")]),

        // The way of a frame.
        .target(name: "Media", dependencies: ["CFFmpeg", "CShims", "CKernels", "Diagnostics", "Geometry"]),
        .target(name: "Engine", dependencies: ["CKernels", "COpenBLAS", "Diagnostics"]),
        .target(
            name: "Checkpoints",
            dependencies: ["CZlib", "Diagnostics", "Engine", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["ONNX/Generated/README.md"]),
        .target(name: "Networks", dependencies: ["Checkpoints", "Diagnostics", "Engine"]),
        .target(name: "Sampling", dependencies: ["CKernels", "Diagnostics", "Engine", "Geometry"]),
        .target(name: "Detection", dependencies: ["CKernels", "Diagnostics", "Engine", "Geometry", "Media", "Pose", "Sampling"]),
        .target(
            name: "Estimation", dependencies: ["CKernels", "Detection", "Diagnostics", "Engine", "Geometry", "Media", "Pose", "Sampling"]),
        .target(name: "Tracking", dependencies: ["Geometry", "Pose"]),
        .target(name: "Flow", dependencies: ["CKernels", "Diagnostics", "Geometry", "Media", "Tracking"]),
        .target(name: "Records", dependencies: ["Diagnostics", "Geometry", "Pose"]),
        .target(name: "Evaluation", dependencies: ["CZlib", "Diagnostics", "Geometry", "Pose", "Records"]),
        .target(name: "Interchange", dependencies: ["Diagnostics", "Evaluation", "Geometry", "Pose", "Records"]),
        .target(name: "Drawing", dependencies: ["CKernels", "Geometry", "Media", "Pose"]),
        .target(
            name: "PoseStream",
            dependencies: [
                "CEmbedded", "CKernels", "Checkpoints", "Detection", "Diagnostics", "Downloads", "Drawing", "Engine", "Estimation",
                "Evaluation", "Flow",
                "Geometry", "Media", "Networks", "Pose", "Records", "Sampling", "Tracking",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Yams", package: "Yams"),
            ],
            resources: [.embedInCode("Pipelines")]),
        .executableTarget(
            name: "CommandLineTool",
            dependencies: [
                "Diagnostics", "Downloads", "Evaluation", "Geometry", "Interchange", "PoseStream", "Records",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),

        // Tests mirror the rooms.
        .target(name: "TestSupport", dependencies: ["CKernels"], path: "Tests/TestSupport"),
        .testTarget(name: "DownloadsTests", dependencies: ["Diagnostics", "Downloads", "TestSupport"]),
        .testTarget(name: "GeometryTests", dependencies: ["Geometry", "Pose", "TestSupport"]),
        .testTarget(name: "PoseTests", dependencies: ["Geometry", "Pose", "TestSupport"]),
        .testTarget(name: "SamplingTests", dependencies: ["CKernels", "Geometry", "Sampling", "TestSupport"]),
        .testTarget(name: "MediaTests", dependencies: ["Diagnostics", "Drawing", "Geometry", "Media", "TestSupport"]),
        .target(name: "AllocationCount", path: "Tests/AllocationCount"),
        .testTarget(name: "EngineTests", dependencies: ["AllocationCount", "CKernels", "Engine", "TestSupport"]),
        .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints", "Diagnostics", "Engine", "TestSupport"]),
        .testTarget(name: "NetworksTests", dependencies: ["Checkpoints", "Diagnostics", "Engine", "Networks", "TestSupport"]),
        .testTarget(
            name: "DetectionTests",
            dependencies: ["CKernels", "Checkpoints", "Detection", "Diagnostics", "Engine", "Media", "Networks", "TestSupport"]),
        .testTarget(
            name: "EstimationTests",
            dependencies: [
                "CKernels", "Checkpoints", "Detection", "Diagnostics", "Engine", "Estimation", "Evaluation", "Media", "TestSupport",
            ]),
        .testTarget(name: "TrackingTests", dependencies: ["Evaluation", "Tracking", "TestSupport"]),
        .testTarget(name: "EvaluationTests", dependencies: ["Diagnostics", "Evaluation", "Geometry", "Pose", "Records", "TestSupport"]),
        .testTarget(name: "FlowTests", dependencies: ["CKernels", "Flow", "Geometry", "Media", "Pose", "TestSupport", "Tracking"]),
        .testTarget(name: "InterchangeTests", dependencies: ["Diagnostics", "Evaluation", "Geometry", "Interchange", "Pose", "Records", "TestSupport"]),
        .testTarget(name: "RecordsTests", dependencies: ["Records", "TestSupport"]),
        .testTarget(name: "DrawingTests", dependencies: ["CKernels", "Drawing", "Geometry", "Media", "Pose", "TestSupport"]),
        .testTarget(
            name: "PoseStreamTests",
            dependencies: [
                "Detection", "Diagnostics", "Downloads", "Engine", "Estimation", "Geometry", "Media", "Networks", "Pose", "PoseStream",
                "TestSupport", "Tracking",
            ]),
        .testTarget(name: "CommandLineToolTests", dependencies: ["CommandLineTool", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
