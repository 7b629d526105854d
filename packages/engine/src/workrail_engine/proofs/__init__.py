"""Keys, signatures and bundles: what makes a record a proof."""
