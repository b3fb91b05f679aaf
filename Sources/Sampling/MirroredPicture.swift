import CKernels

extension ps_image {
    /// The same picture seen in a mirror; nothing is copied.
    package func mirrored() -> ps_image {
        func mirrored(_ component: ps_component) -> ps_component {
            guard component.base != nil else { return component }
            var component = component
            let columns = (Int(width) + (1 << Int(component.shift_x)) - 1) >> Int(component.shift_x)
            component.base += (columns - 1) * Int(component.step)
            component.step = -component.step
            return component
        }
        var image = self
        image.c = (mirrored(c.0), mirrored(c.1), mirrored(c.2))
        let step = 1 << Int(c.1.shift_x), columns = (Int(width) + step - 1) / step
        image.chroma_x = Float(Int(width) - 1 - (columns - 1) * step) - chroma_x
        return image
    }
}
